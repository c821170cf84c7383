"""Asking a cluster: whichever of its nodes answers, within a time, and never with a secret in an address.

Everything that is asked here may be asked twice: what is written carries a version of its own, and names say what is made.
So a request whose node went away is given to the next one.
"""

import asyncio
import base64
import logging
import random
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import httpcore2
import httpx2
import msgspec

from cgraph_kit import telemetry
from cgraph_kit.errors import Unavailable

from .address import Cluster

log = logging.getLogger(__name__)

SECONDS = 10.0
"""For one request, all its tries included."""
CONNECTING = 2.0
"""Seconds for a connection: a node that is there answers at once."""
TRIES = 4
BACKOFF = 0.1
"""Seconds before the second try where the cluster asks for time; doubled each time, and scattered."""
ASIDE = 15.0
"""Seconds for which a node that did not answer is asked only if no other is left."""
ONE, MANY = "application/json", "application/x-ndjson"
_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS})
_GONE = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)
_SHUT_OUT = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

REQUESTS = telemetry.counter(
    "opensearch_requests_total", "Requests to OpenSearch, by how they ended.", ("outcome",)
)

Body = TypeVar("Body")


class Away(Unavailable):
    """No node answers, or all of them want to be left alone, or we are not let in.

    `reason` names nodes, for logs and operators; whoever searches is told `message`, which says nothing of that.
    """

    code = "search_unavailable"
    default = "search is temporarily unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class TimedOut(Away):
    """The answer did not come in time. The same in smaller parts may do."""


class Refused(Exception):
    """The cluster understood and said no: what was asked is wrong, or is not there.

    Of what it says only the type is kept: the rest may quote what people wrote.
    """

    def __init__(self, status: int, type: str) -> None:
        super().__init__(f"OpenSearch answered {status} {type}")
        self.status = status
        self.type = type


class Answer(msgspec.Struct, frozen=True):
    """What a node said, of any status below 300."""

    body: bytes

    def read(self, type: type[Body]) -> Body:
        """Raises `Away` for what is no answer of OpenSearch's."""
        try:
            return msgspec.json.decode(self.body, type=type)
        except msgspec.MsgspecError as error:
            raise Away(f"what answers is not OpenSearch: {error}") from error


class OpenSearch:
    """A cluster. Nothing is asked before it is asked for."""

    def __init__(self, cluster: Cluster, *, token: str = "", ca_file: Path | None = None) -> None:
        """`token` is a bearer's, in place of name and password. Raises `OSError` for a file without certificates."""
        self.cluster = cluster
        self._headers = _authorization(cluster, token)
        self._client = httpx2.AsyncClient(
            verify=_trusting(ca_file),
            trust_env=False,
            timeout=httpx2.Timeout(None, connect=CONNECTING),
            limits=httpx2.Limits(max_connections=20, keepalive_expiry=30.0),
        )
        self._aside: dict[str, float] = {}
        self._next = random.randrange(len(cluster.nodes))  # noqa: S311 (spreads load)

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        within: float = SECONDS,
    ) -> Answer:
        """`body`: what becomes JSON, or bytes of lines of it. Raises `Refused`, `Away`, `TimedOut`."""
        try:
            async with asyncio.timeout(within):
                answer = await self._asked(method, path, body, params)
        except TimeoutError as error:
            REQUESTS.labels("timeout").inc()
            raise TimedOut(f"OpenSearch did not answer within {within:g} s") from error
        except Refused:
            REQUESTS.labels("refused").inc()
            raise
        except Away as error:
            REQUESTS.labels("away").inc()
            log.warning("OpenSearch cannot be used: %s", error)
            raise
        REQUESTS.labels("ok").inc()
        return answer

    async def close(self) -> None:
        await self._client.aclose()

    async def _asked(
        self, method: str, path: str, body: Any, params: Mapping[str, str] | None
    ) -> Answer:
        """Node after node, and again after a while where they are busy."""
        content, kind = _content(body)
        headers = {**self._headers, "content-type": kind} if content else self._headers
        reason = ""
        for attempt in range(max(TRIES, len(self.cluster.nodes))):
            node = self._node()
            try:
                answer = await self._client.request(
                    method, node + path, content=content, params=params, headers=headers
                )
            except (httpx2.HTTPError, OSError) as error:
                self._set_aside(node)
                reason = f"{node} does not answer: {error or type(error).__name__}"
                await self._wait(attempt + 1 - len(self.cluster.nodes))
                continue
            if answer.status_code not in _BUSY | _GONE:
                self._aside.pop(node, None)
                return _read(answer)
            reason = f"{node} answers {answer.status_code}"
            if answer.status_code in _GONE:
                self._set_aside(node)
            await self._wait(attempt, retry_after(answer.headers))
        raise Away(reason)

    def _node(self) -> str:
        """In turn, those that answered last time first."""
        nodes, now = self.cluster.nodes, monotonic()
        self._next += 1
        turn = [nodes[(self._next + n) % len(nodes)] for n in range(len(nodes))]
        return next((one for one in turn if self._aside.get(one, 0) <= now), turn[0])

    def _set_aside(self, node: str) -> None:
        self._aside[node] = monotonic() + ASIDE

    async def _wait(self, attempt: int, asked: float = 0.0) -> None:
        """Before the next try. Below 0: another node may answer at once."""
        if attempt >= 0:
            usual = BACKOFF * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 (no secret)
            await asyncio.sleep(max(usual, asked))


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds, as a node asks for them; 0: it does not."""
    said = headers.get("retry-after", "")
    if said.isdecimal():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
        return max(0.0, (at - parsedate_to_datetime(headers["date"])).total_seconds())
    except (ValueError, TypeError, KeyError):
        return 0.0


def _authorization(cluster: Cluster, token: str) -> dict[str, str]:
    if token:
        return {"authorization": f"Bearer {token}"}
    if not cluster.user:
        return {}
    pair = f"{cluster.user}:{cluster.password}".encode()
    return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    context = httpcore2.default_ssl_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _content(body: Any) -> tuple[bytes | None, str]:
    if body is None or isinstance(body, bytes):
        return body, MANY
    return msgspec.json.encode(body), ONE


class _Cause(msgspec.Struct, frozen=True):
    type: str = ""


class _Failure(msgspec.Struct, frozen=True):
    error: _Cause | str = ""


def _read(answer: httpx2.Response) -> Answer:
    status = answer.status_code
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer(answer.content)
    cause = _cause(answer.content)
    if status in _SHUT_OUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Away(f"OpenSearch answers {status} {cause.type}")
    raise Refused(status, cause.type)


def _cause(content: bytes) -> _Cause:
    try:
        error = msgspec.json.decode(content, type=_Failure).error
    except msgspec.MsgspecError:
        return _Cause()
    return _Cause(error) if isinstance(error, str) else error
