"""A web site without TLS, as strangers link to: each path says what it says, in whatever bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

Speak = Callable[[asyncio.StreamWriter], Awaitable[None]]


class WebSite:
    """Answers by path; what it has no answer for is 404. `asked`: every request's first line and headers."""

    def __init__(self) -> None:
        self.url = ""
        self.paths: dict[str, bytes | Speak] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.host = "127.0.0.1"

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def page(self, path: str, head: str, **headers: str) -> str:
        """An HTML page with this head; its address."""
        body = f"<!doctype html><html><head>{head}</head><body>hi</body></html>".encode()
        return self.says(path, body, **{"content-type": "text/html; charset=utf-8"} | headers)

    def says(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> str:
        """An answer with its length; names of headers may be written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.paths[path] = head(status, {"content-length": str(len(body))} | named) + body
        return self.url + path

    def redirects(self, path: str, target: str) -> str:
        return self.says(path, status=302, location=target)

    def speaks(self, path: str, speak: Speak) -> str:
        self.paths[path] = speak
        return self.url + path

    def asked_for(self, path: str) -> int:
        """How often."""
        return sum(line.split()[1] == path for line, _ in self.asked)


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """The beginning of an answer after which the connection ends."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} So", *lines, "connection: close", "", ""]).encode()


@asynccontextmanager
async def web_site(host: str = "127.0.0.1") -> AsyncIterator[WebSite]:
    """Serve it until the block ends."""
    site = WebSite()
    tasks = set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            tasks.add(task)
        try:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            site.asked.append((first, dict(line.lower().split(": ", 1) for line in lines)))
            found = site.paths.get(first.split()[1], head(404, {"content-length": "0"}))
            if isinstance(found, bytes):
                writer.write(found)
                await writer.drain()
            else:
                await found(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, host, 0)
    site.url = f"http://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield site
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
