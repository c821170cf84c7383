"""One address for two clients: what asyncpg understands, said to libpq without a secret on any command line."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import NamedTemporaryFile
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import msgspec

from .errors import DumpError

_LIBPQ = frozenset(
    {
        *("host", "hostaddr", "port", "dbname", "user", "passfile", "service", "options"),
        *("connect_timeout", "application_name", "client_encoding", "tcp_user_timeout"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        *("sslmode", "sslnegotiation", "sslcert", "sslkey", "sslrootcert"),
        *("sslcrl", "sslcrldir", "sslsni", "sslcertmode", "channel_binding", "require_auth"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "gssencmode", "gsslib"),
        *("krbsrvname", "gssdelegation", "target_session_attrs", "load_balance_hosts"),
    }
)
"""Parameters both know. asyncpg sends any other to the server as a setting of the session."""
_TLS = frozenset({"require", "verify-ca", "verify-full"})


_SERVICE = "cgraph"


class Address(msgspec.Struct, frozen=True):
    """How a client program reaches a database."""

    url: str
    """Without a password: other users of the machine see command lines."""
    environment: dict[str, str]
    """What only the program itself may see."""
    key_password: str = ""
    """Of the client's key (`sslpassword`), for which libpq knows no variable."""

    def __repr__(self) -> str:
        return f"Address({self.url!r})"

    @contextmanager
    def at_hand(self) -> Iterator[Mapping[str, str]]:
        """The environment of a program; meanwhile a file that nobody else may read holds what no variable can."""
        if not self.key_password:
            yield self.environment
            return
        with NamedTemporaryFile("w", prefix="cgraph-", suffix=".conf") as file:  # 0600
            file.write(f"[{_SERVICE}]\nsslpassword={self.key_password}\n")
            file.flush()
            yield {**self.environment, "PGSERVICEFILE": file.name, "PGSERVICE": _SERVICE}


def for_clients(dsn: str) -> Address:
    """The same place, for pg_dump and pg_restore."""
    parts = urlsplit(dsn)
    user, password, hosts = _authority(parts.netloc)
    kept, settings, key_password = [], [], ""
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "password":
            password = value
        elif name == "sslpassword":
            key_password = _one_line(value)
        elif name == "database":
            kept.append(("dbname", value))
        elif name in _LIBPQ:
            kept.append((name, value))
        else:
            settings += ["-c", f"{name}={_escaped(value)}"]
    url = urlunsplit(
        ("postgresql", f"{user}@{hosts}" if user else hosts, parts.path, urlencode(kept), "")
    )
    environment = {**os.environ, "LC_ALL": "C", "PGAPPNAME": "backup"}
    if password:
        environment["PGPASSWORD"] = password
    if settings:
        environment["PGOPTIONS"] = " ".join([environment.get("PGOPTIONS", ""), *settings]).strip()
    return Address(url, environment, key_password)


def demands_tls(dsn: str) -> bool:
    """Whether the address insists on TLS."""
    return dict(parse_qsl(urlsplit(dsn).query)).get("sslmode") in _TLS


def with_database(dsn: str, name: str) -> str:
    """Another database of the same server."""
    parts = urlsplit(dsn)
    query = [
        (key, value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if key not in {"dbname", "database"}
    ]
    # An empty authority must stay, or urlunsplit drops the slashes of `postgresql:///name`.
    return f"{parts.scheme}://{parts.netloc}/{quote(name, safe='')}?{urlencode(query)}".rstrip("?")


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise DumpError("sslpassword cannot be handed to pg_dump: it is more than one line")
    return value


def _escaped(value: str) -> str:
    # the server takes PGOPTIONS apart at spaces
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


def _authority(netloc: str) -> tuple[str, str, str]:
    """User, password (decoded), and the host or hosts with their ports."""
    account, _, hosts = netloc.rpartition("@")
    user, _, password = account.partition(":")
    return user, unquote(password), hosts
