# syntax=docker/dockerfile:1

# -- what is needed to install ------------------------------------------------------------------------------------------
FROM python:3.11-slim-bookworm AS build

WORKDIR /build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/cgraph

# The dependencies first, exactly as locked: they change less often than the code.
COPY requirements.txt ./
RUN /opt/cgraph/bin/pip install --require-hashes --requirement requirements.txt

COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN python -m pip wheel --no-deps --wheel-dir /build/dist . \
 && /opt/cgraph/bin/pip install --no-deps /build/dist/cgraph-*.whl \
 && /opt/cgraph/bin/cgraph --version

# -- what runs ----------------------------------------------------------------------------------------------------------
FROM python:3.11-slim-bookworm

# Clients of every PostgreSQL that CGraph supports, for backups: pg_dump must not be older than the server, and pg_restore
# of 17 or newer cannot write into 16. They come from PostgreSQL's own repository, for Debian has only one of them.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
 && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
 && apt-get install --yes --no-install-recommends \
      postgresql-client-16 postgresql-client-17 postgresql-client-18 \
 && rm -rf /var/lib/apt/lists/*

RUN groupadd --system --gid 10001 cgraph \
 && useradd --system --uid 10001 --gid cgraph --home-dir /var/lib/cgraph --shell /usr/sbin/nologin cgraph \
 && install --directory --mode=0700 --owner=cgraph --group=cgraph /var/lib/cgraph /var/lib/cgraph/storage

COPY --from=build /opt/cgraph /opt/cgraph

ENV PATH=/opt/cgraph/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CGRAPH_ENV=prod \
    CGRAPH_HOST=0.0.0.0 \
    CGRAPH_DATA_DIR=/var/lib/cgraph \
    CGRAPH_LOG_FORMAT=json

# By number, for hosts that ask whether it is root.
USER 10001:10001
WORKDIR /var/lib/cgraph
VOLUME /var/lib/cgraph
EXPOSE 4000

# Ready means: the database answers and is migrated. A worker serves nothing: switch this off there.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '4000') + '/ready', timeout=4)"]

ENTRYPOINT ["cgraph"]
CMD ["serve"]
