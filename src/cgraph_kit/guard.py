"""Requests to addresses that strangers chose: never to this machine or its neighbours.

A name is looked up once, every address it has is checked, and one of those is connected to: there is no second lookup
in which it could point elsewhere (DNS rebinding). Each redirect is a request like the first.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

import httpcore2
import httpx2
from ssrfguard import BlockedAddressError, Policy

Headers = httpx2.Headers
Wanted = Callable[[int, Headers], int | None]
"""How many bytes of an answer's body are wanted, by its status and headers; None: no more is to be known of it."""
Lookup = Callable[[str, int], Sequence[str]]
"""Every address of a host, for a port. Raises `OSError` where it has none. Runs in a thread."""

LONGEST_URL = 2048
ADDRESSES = 4
"""How many of a host's addresses are tried. How many it has is its owner's choice, so there is an end."""
LOOKUPS = 16
"""Names looked up at once. Threads of their own: a name server that never answers holds up nobody else's lookups."""
PORTS = frozenset({80, 443})
DEFAULT_PORTS = {"http": 80, "https": 443}
HIGHEST_PORT = 65_535
UNPRIVILEGED = 1024
"""From here on ports are anybody's; below, all but `PORTS` belong to protocols that are not HTTP."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SECRETS = frozenset({"authorization", "cookie", "proxy-authorization"})


class FetchError(Exception):
    """There is no answer; the message says why."""


class Blocked(FetchError):
    """The address is not to be asked. Trying again is pointless."""


class Unreachable(FetchError):
    """Nobody answered, or not in time."""


class Oversized(FetchError):
    """The answer is longer than allowed."""


class Unwanted(FetchError):
    """The answer is none that is wanted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. The body is as it was sent: asked for, and by honest servers sent, uncompressed."""

    status: int
    headers: httpx2.Headers
    body: bytes
    url: str
    """Of the last redirect, if there were any."""


def look_up(host: str, port: int) -> list[str]:
    """The system's answer: DNS, hosts file and whatever else it is configured to ask."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Fetcher:
    """Fetches from public addresses, and from the networks in `allow`, which may be private and use any port.

    An answer takes at most `seconds` from the lookup to its last byte and has at most `most` bytes. Redirects of GET are
    followed `redirects` times, any other is an answer. Nothing is read from the environment, proxies least of all: a
    proxy looks names up itself. Connections are kept for a while; `close` ends them.
    """

    def __init__(
        self,
        *,
        allow: Iterable[str] = (),
        deny: Iterable[str] = (),
        schemes: Iterable[str] = ("https",),
        redirects: int = 0,
        seconds: float = 20.0,
        most: int = 1_048_576,
        tls: ssl.SSLContext | None = None,
        lookup: Lookup = look_up,
    ) -> None:
        """`deny`: hosts that are never asked, by name. Raises `ValueError` for an `allow` that is no network."""
        self._denied = frozenset(deny)
        self._schemes = frozenset(schemes)
        self._redirects = redirects
        self._seconds = seconds
        self._most = most
        self._network = _Network(Policy(allowed_networks=tuple(map(ip_network, allow))), lookup)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls or httpcore2.default_ssl_context(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=30.0,
            network_backend=self._network,
        )

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        wanted: Wanted | None = None,
    ) -> Answer:
        """Ask, and read the whole answer, whatever its status. Raises `Blocked`, `Unreachable` or `Oversized`.

        `wanted`: asked about what is no redirect before its body is read, of which no more than so many bytes are: the rest
        is left. Raises `Unwanted` where it says None.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(method, self.check(url), headers or {}, body, wanted)
        except TimeoutError:
            raise Unreachable(f"no answer within {self._seconds:g} s") from None
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.TimeoutException,
        ) as error:
            raise Unreachable(str(error) or type(error).__name__) from error

    def check(self, url: str) -> httpx2.URL:
        """What can be said of an address without looking its name up. Raises `Blocked`."""
        if len(url) > LONGEST_URL:
            raise Blocked(f"the address is longer than {LONGEST_URL} characters")
        try:
            parsed = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise Blocked(f"the address is not valid: {error}") from None
        if parsed.scheme not in self._schemes:
            raise Blocked(f"the address must begin with {' or '.join(sorted(self._schemes))}")
        if not parsed.raw_host or parsed.userinfo:
            raise Blocked("the address must have a host, and no user or password")
        host = parsed.raw_host.decode("ascii")
        if host.lower().rstrip(".") in self._denied:
            raise Blocked("this host is not to be asked")
        port = DEFAULT_PORTS[parsed.scheme] if parsed.port is None else parsed.port
        if not 0 < port <= HIGHEST_PORT:
            raise Blocked("the address has no such port")
        self._network.check_literal(host, port)
        return parsed

    async def close(self) -> None:
        await self._pool.aclose()
        self._network.close()

    async def _follow(
        self,
        method: str,
        url: httpx2.URL,
        headers: Mapping[str, str],
        body: bytes,
        wanted: Wanted | None,
    ) -> Answer:
        for _ in range(self._redirects + 1):
            answer = await self._ask(method, url, headers, body, wanted)
            target = answer.headers.get("location")
            if method != "GET" or answer.status not in _REDIRECTS or target is None:
                return answer
            if not self._redirects:
                return answer
            headers, url = self._redirected(url, target, headers)
        raise Unreachable(f"redirected more than {self._redirects} times")

    def _redirected(
        self, url: httpx2.URL, target: str, headers: Mapping[str, str]
    ) -> tuple[Mapping[str, str], httpx2.URL]:
        """Where a redirect leads, and what is sent there: no secrets to another origin."""
        try:
            following = self.check(str(url.join(target)))
        except httpx2.InvalidURL as error:
            raise Blocked(f"the redirect is not valid: {error}") from None
        if following.origin == url.origin:
            return headers, following
        return {k: v for k, v in headers.items() if k.lower() not in _SECRETS}, following

    async def _ask(
        self,
        method: str,
        url: httpx2.URL,
        headers: Mapping[str, str],
        body: bytes,
        wanted: Wanted | None,
    ) -> Answer:
        sent: list[tuple[bytes | str, bytes | str]] = [
            ("host", url.netloc),
            ("accept-encoding", "identity"),
            *headers.items(),
        ]
        target = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        async with self._pool.stream(
            method, target, headers=sent, content=body or None, extensions={"timeout": timeouts}
        ) as response:
            answered = httpx2.Headers(response.headers)
            if wanted is None or response.status in _REDIRECTS:
                parts = await self._read(response)
            else:
                most = wanted(response.status, answered)
                if most is None:
                    raise Unwanted("the answer is none that is wanted")
                parts = await self._begin(response, most)
        return Answer(response.status, answered, parts, str(url))

    async def _begin(self, response: httpcore2.Response, most: int) -> bytes:
        """So much of it; the connection is of no further use where there is more."""
        read = bytearray()
        async for part in response.aiter_stream():
            read += part
            if len(read) >= most:
                break
        return bytes(read[:most])

    async def _read(self, response: httpcore2.Response) -> bytes:
        read = bytearray()
        async for part in response.aiter_stream():
            read += part
            if len(read) > self._most:
                raise Oversized(f"the answer is longer than {self._most} bytes")
        return bytes(read)


class _Network(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that were checked, and to nothing else."""

    def __init__(self, policy: Policy, lookup: Lookup) -> None:
        self._policy = policy
        self._lookup = lookup
        self._sockets = httpcore2.AnyIOBackend()
        self._threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's interface)
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore2.AsyncNetworkStream:
        """Raises `Blocked` for a host of which even one address is not allowed: honest ones do not mix."""
        addresses = await self._addresses(host, port)
        for address in addresses:
            self._check(address, port)
        *others, last = addresses[:ADDRESSES]
        share = timeout / (len(others) + 1) if timeout else None
        for address in others:
            try:
                return await self._sockets.connect_tcp(address, port, timeout=share)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._sockets.connect_tcp(last, port, timeout=share)

    async def connect_unix_socket(self, *_args: Any, **_options: Any) -> Any:
        raise Blocked("a socket of this machine is not to be asked")

    async def sleep(self, seconds: float) -> None:
        await self._sockets.sleep(seconds)

    def check_literal(self, host: str, port: int) -> None:
        """Raises `Blocked` where the host is an address that is not allowed: names are for later."""
        try:
            address = ip_address(host.strip("[]"))
        except ValueError:
            return
        self._check(str(address), port)

    async def _addresses(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, self._lookup, host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"{host} cannot be looked up: {error}") from error
        if not found:
            raise httpcore2.ConnectError(f"{host} has no address")
        return list(dict.fromkeys(found))

    def _check(self, address: str, port: int) -> None:
        ip = ip_address(address)
        if any(ip.version == net.version and ip in net for net in self._policy.allowed_networks):
            return
        try:
            self._policy.check_address(ip)
        except BlockedAddressError as error:
            raise Blocked(f"{address} is not public: {error.reason}") from None
        if port not in PORTS and port < UNPRIVILEGED:
            raise Blocked(f"port {port} is not one of HTTP")
