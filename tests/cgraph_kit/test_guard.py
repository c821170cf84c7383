import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from cgraph_kit.guard import Blocked, Fetcher, Oversized, Unreachable
from support.providers.serving import (
    Answered,
    Request,
    client_tls,
    drip,
    flood,
    hang_up,
    misbehaving,
    say_nothing,
    serving,
)

HERE = ("127.0.0.1/32",)
PUBLIC = "93.184.216.34"


class Site:
    """A web server that keeps what it was asked, and redirects where it is told to."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.redirects: dict[str, str] = {}
        self.url = ""

    async def answer(self, request: Request) -> Answered:
        self.asked.append(request)
        if target := self.redirects.get(request.path):
            return Answered(302, {"location": target})
        return Answered(200, {"x-said": "hello"}, request.body or b"welcome")

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    async with serving(site.answer) as site.url:
        yield site


@pytest.fixture
async def fetcher(site: Site) -> AsyncIterator[Callable[..., Fetcher]]:
    """`fetcher(**options)`: closed before the site is."""
    async with AsyncExitStack() as stack:

        def make(**options: Any) -> Fetcher:
            made = Fetcher(**{"tls": client_tls(), "allow": HERE, **options})
            stack.push_async_callback(made.close)
            return made

        yield make


class Names:
    """A name server: each lookup of a name takes the next of its answers, the last one for ever; addresses are themselves."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        if host.replace(".", "").isdigit():
            return [host]
        given = self.answers.get(host)
        if given is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return given.pop(0) if len(given) > 1 else given[0]


class TestSend:
    async def test_brings_the_whole_answer(self, site: Site, fetcher: Any) -> None:
        answer = await fetcher().send("POST", site.url + "/a?b=c", headers={"x-a": "b"}, body=b"hi")
        assert (answer.status, answer.headers["X-Said"], answer.body) == (200, "hello", b"hi")
        (asked,) = site.asked
        assert (asked.method, asked.path, asked.body) == ("POST", "/a", b"hi")
        assert asked.headers["host"] == f"127.0.0.1:{site.port}"
        assert asked.headers["x-a"] == "b"
        assert asked.headers["accept-encoding"] == "identity"

    async def test_keeps_the_connection_for_the_next(self, site: Site, fetcher: Any) -> None:
        one = fetcher()
        for _ in range(3):
            await one.send("GET", site.url)
        assert len({asked.client for asked in site.asked}) == 1

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.0.0.1.",
            "127。0。0。1",
            "localhost",
            "0.0.0.0",  # noqa: S104
            "0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:7f00:1::]",
            "[fc00::1]",
            "[fe80::1]",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.169.254",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
        ],
    )
    async def test_never_asks_this_machine_or_its_neighbours(
        self, site: Site, fetcher: Any, host: str
    ) -> None:
        with pytest.raises((Blocked, Unreachable)) as refused:
            await fetcher(allow=()).send("GET", f"https://{host}:{site.port}/")
        # What no resolver takes for an address leads nowhere either.
        assert isinstance(refused.value, Blocked) or "looked up" in str(refused.value)
        assert not site.asked

    @pytest.mark.parametrize(
        "url",
        [
            "http://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "//example.org/",
            "example.org",
            "https://",
            "https:///path",
            "https://user@example.org/",
            "https://user:password@example.org/",
            "https://exa mple.org\n/",
            "https://example.org:0/",
            "https://example.org:65536/",
            "https://①②⑦.0.0.1/",
            "https://example.org/" + "a" * 2048,
        ],
    )
    async def test_refuses_what_is_no_address_of_the_kind(self, fetcher: Any, url: str) -> None:
        with pytest.raises(Blocked):
            await fetcher().send("GET", url)

    @pytest.mark.parametrize("port", [22, 25, 6379 - 6000, 587])
    async def test_refuses_ports_of_other_protocols(self, fetcher: Any, port: int) -> None:
        names = Names(push_example_org=[[PUBLIC]])
        with pytest.raises(Blocked, match=f"port {port}"):
            await fetcher(lookup=names).send("GET", f"https://push.example.org:{port}/")

    async def test_connects_to_the_address_that_was_checked(self, site: Site, fetcher: Any) -> None:
        """And still demands the certificate of the name."""
        names = Names(push_example_org=[["127.0.0.1"], ["10.0.0.1"]])
        answer = await fetcher(lookup=names).send("GET", f"https://push.example.org:{site.port}/")
        assert answer.status == 200
        assert names.asked == ["push.example.org"]
        assert site.asked[0].headers["host"] == f"push.example.org:{site.port}"

    async def test_is_not_fooled_by_a_name_that_moves(self, site: Site, fetcher: Any) -> None:
        """First public, then this machine: were it looked up again to connect, it would get here."""
        names = Names(push_example_org=[["192.0.2.1"], [PUBLIC], ["127.0.0.1"]])
        one = fetcher(lookup=names, allow=(), seconds=0.3)
        for refused in (Blocked, Unreachable, Blocked):
            with pytest.raises(refused):
                await one.send("GET", f"https://push.example.org:{site.port}/")
        assert len(names.asked) == 3
        assert not site.asked

    async def test_refuses_a_name_with_even_one_private_address(
        self, site: Site, fetcher: Any
    ) -> None:
        names = Names(push_example_org=[["127.0.0.1", PUBLIC, "10.0.0.1"]])
        with pytest.raises(Blocked, match=r"10\.0\.0\.1 is not public"):
            await fetcher(lookup=names).send("GET", f"https://push.example.org:{site.port}/")
        assert not site.asked

    async def test_tries_the_next_address(self, site: Site, fetcher: Any) -> None:
        names = Names(push_example_org=[["127.0.0.2", "127.0.0.1"]])
        one = fetcher(lookup=names, allow=("127.0.0.0/8",))
        assert (await one.send("GET", f"https://push.example.org:{site.port}/")).status == 200

    async def test_refuses_a_certificate_of_somebody_else(self, site: Site, fetcher: Any) -> None:
        names = Names(other_example_org=[["127.0.0.1"]])
        with pytest.raises(Unreachable, match="certificate"):
            await fetcher(lookup=names).send("GET", f"https://other.example.org:{site.port}/")
        assert not site.asked

    async def test_a_name_that_is_none_is_unreachable(self, fetcher: Any) -> None:
        with pytest.raises(Unreachable, match="cannot be looked up"):
            await fetcher(lookup=Names()).send("GET", "https://nowhere.example.org/")
        with pytest.raises(Unreachable, match="has no address"):
            await fetcher(lookup=lambda _host, _port: []).send("GET", "https://no.example.org/")


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """Set at the end: whoever waits in a thread for it goes on."""
    event = threading.Event()
    yield event
    event.set()


class TestSeconds:
    async def test_bound_a_name_server_that_never_answers(
        self, fetcher: Any, stuck: threading.Event
    ) -> None:
        def never(_host: str, _port: int) -> list[str]:
            stuck.wait(30)
            return []

        with pytest.raises(Unreachable, match=r"no answer within 0\.1 s"):
            await fetcher(lookup=never, seconds=0.1).send("GET", "https://slow.example.org/")

    @pytest.mark.parametrize("handler", [say_nothing, drip])
    async def test_bound_a_server_that_never_comes_to_an_end(
        self, fetcher: Any, handler: Any
    ) -> None:
        async with misbehaving(handler) as url:
            with pytest.raises(Unreachable):
                await fetcher(seconds=0.3).send("GET", url)

    async def test_are_not_spent_on_one_that_hangs_up(self, fetcher: Any) -> None:
        async with misbehaving(hang_up) as url:
            with pytest.raises(Unreachable):
                await fetcher().send("GET", url)

    async def test_leave_nothing_behind_when_the_caller_gives_up(self, fetcher: Any) -> None:
        async with misbehaving(say_nothing) as url:
            one = fetcher()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await one.send("GET", url)
            assert one._pool.connections == []


class TestMost:
    async def test_bounds_an_answer(self, fetcher: Any) -> None:
        async with misbehaving(flood) as url:
            with pytest.raises(Oversized, match="longer than 1000 bytes"):
                await fetcher(most=1000).send("GET", url)


class TestRedirects:
    async def test_are_an_answer_like_any_other(self, site: Site, fetcher: Any) -> None:
        site.redirects = {"/a": "/b"}
        assert (await fetcher().send("GET", site.url + "/a")).status == 302

    async def test_are_followed_where_asked_for(self, site: Site, fetcher: Any) -> None:
        site.redirects = {"/a": "/b", "/b": site.url + "/c"}
        answer = await fetcher(redirects=2).send("GET", site.url + "/a")
        assert (answer.status, answer.url) == (200, site.url + "/c")

    async def test_come_to_an_end(self, site: Site, fetcher: Any) -> None:
        site.redirects = {"/a": "/a"}
        with pytest.raises(Unreachable, match="more than 3 times"):
            await fetcher(redirects=3).send("GET", site.url + "/a")

    async def test_of_a_write_are_not_followed(self, site: Site, fetcher: Any) -> None:
        site.redirects = {"/a": "/b"}
        answer = await fetcher(redirects=3).send("POST", site.url + "/a", body=b"x")
        assert (answer.status, len(site.asked)) == (302, 1)

    @pytest.mark.parametrize(
        "target",
        [
            "https://127.0.0.2:{port}/",
            "https://inside.example.org:{port}/",
            "http://push.example.org/",
            "https://[::ffff:127.0.0.3]/",
            "https://[nonsense]/",
        ],
    )
    async def test_are_checked_like_the_first_address(
        self, site: Site, fetcher: Any, target: str
    ) -> None:
        site.redirects = {"/a": target.format(port=site.port)}
        names = Names(inside_example_org=[["127.0.0.2"]])
        with pytest.raises(Blocked):
            await fetcher(redirects=3, lookup=names).send("GET", site.url + "/a")
        assert len(site.asked) == 1

    async def test_take_no_secrets_to_strangers(self, site: Site, fetcher: Any) -> None:
        site.redirects = {"/a": "/b", "/b": f"https://push.example.org:{site.port}/c"}
        names = Names(push_example_org=[["127.0.0.1"]])
        sent = {"Authorization": "secret", "x-a": "b"}
        await fetcher(redirects=3, lookup=names).send("GET", site.url + "/a", headers=sent)
        assert [asked.headers.get("authorization") for asked in site.asked] == [
            "secret",
            "secret",
            None,
        ]
        assert site.asked[2].headers["x-a"] == "b"


class TestAllow:
    def test_is_a_list_of_networks(self) -> None:
        with pytest.raises(ValueError, match="nowhere"):
            Fetcher(allow=["nowhere"])

    def test_cannot_open_what_carries_other_addresses(self) -> None:
        with pytest.raises(ValueError, match="64:ff9b"):
            Fetcher(allow=["64:ff9b::/96"])
