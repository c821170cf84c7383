"""Asking strangers' servers, which may answer anything and be called anything."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence

import pytest

from cgraph.previews.asking import Found, ask
from cgraph.previews.limits import IMAGE_MOST, REDIRECTS
from cgraph_kit.guard import Fetcher, look_up
from support.pictures import jpeg
from support.web_site import WebSite, head, web_site

AGENT = "CGraphBot/0"
TITLE = "<title>yes</title>"
OWN = "own.example"
METADATA = "169.254.169.254"

Answers = dict[str, list[Sequence[str]]]


class Names:
    """A name server: each lookup takes the next of a name's answers, the last one for ever; others go to the system's."""

    def __init__(self) -> None:
        self.answers: Answers = {}

    def __call__(self, host: str, port: int) -> Sequence[str]:
        if host not in self.answers:
            return look_up(host, port)
        given = self.answers[host]
        return given.pop(0) if len(given) > 1 else given[0]


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
async def site() -> AsyncIterator[WebSite]:
    async with web_site() as site:
        yield site


@pytest.fixture
async def inside() -> AsyncIterator[WebSite]:
    """A server nobody is to ask, on an address of this machine that is not allowed."""
    async with web_site("127.0.0.2") as inside:
        inside.page("/", "<title>secret</title>")
        yield inside
        assert not inside.asked


@pytest.fixture
async def fetcher(names: Names) -> AsyncIterator[Fetcher]:
    """As the application's, but that it may ask the site, in a second."""
    fetcher = Fetcher(
        allow=("127.0.0.1/32",),
        deny=(OWN,),
        schemes=("http", "https"),
        redirects=REDIRECTS,
        seconds=1.0,
        most=65_536,
        lookup=names,
    )
    yield fetcher
    await fetcher.close()


async def title(fetcher: Fetcher, url: str) -> str | None:
    found = await ask(fetcher, url, AGENT)
    return found.page.title if found else None


class TestAsk:
    async def test_brings_what_a_page_says_and_its_picture(
        self, site: WebSite, fetcher: Fetcher
    ) -> None:
        picture = jpeg()
        site.says("/i", picture, content_type="image/jpeg")
        url = site.page("/", TITLE + '<meta property="og:image" content="i">')
        found = await ask(fetcher, url, AGENT)
        assert found is not None
        assert (found.kind, found.page.title, found.image) == ("page", "yes", picture)

    async def test_takes_a_picture_for_what_it_is(self, site: WebSite, fetcher: Fetcher) -> None:
        url = site.says("/bee.jpg", b"anything", content_type="image/jpeg")
        found = await ask(fetcher, url, AGENT)
        assert found is not None
        assert (found.kind, found.page.title, found.image) == ("image", "bee.jpg", b"anything")

    async def test_follows_few_redirects(self, site: WebSite, fetcher: Fetcher) -> None:
        site.page("/0", TITLE)
        for n in range(1, 5):
            site.redirects(f"/{n}", f"/{n - 1}")
        assert await title(fetcher, f"{site.url}/3") == "yes"
        assert await title(fetcher, f"{site.url}/4") is None

    @pytest.mark.parametrize(
        "answer",
        [
            {"content_type": "application/pdf"},
            {"content_type": "text/plain"},
            {"content_type": "image/svg+xml; charset=x", "status": 500},
            {"content_type": "text/html", "status": 404},
            {"content_type": "text/html", "content_encoding": "gzip"},
            {"content_type": "text/html", "content_encoding": "br"},
            {},
        ],
        ids=str,
    )
    async def test_wants_pages_and_pictures_as_they_are(
        self, site: WebSite, fetcher: Fetcher, answer: dict[str, str]
    ) -> None:
        url = site.says("/", TITLE.encode(), **answer)  # type: ignore[arg-type]
        assert await ask(fetcher, url, AGENT) is None

    async def test_unpacks_nothing(self, site: WebSite, fetcher: Fetcher) -> None:
        bomb = gzip.compress(bytes(9_000_000))
        for type in ("text/html", "image/png"):
            url = site.says("/", bomb, content_type=type, content_encoding="gzip")
            assert await ask(fetcher, url, AGENT) is None


class TestAskHostileServers:
    async def test_reads_the_beginning_of_a_page_without_end(
        self, site: WebSite, fetcher: Fetcher
    ) -> None:
        async def flood(writer: asyncio.StreamWriter) -> None:
            writer.write(head(200, {"content-type": "text/html"}) + TITLE.encode())
            while True:
                writer.write(b"<p>" * 10_000)
                await writer.drain()

        assert await title(fetcher, site.speaks("/", flood)) == "yes"

    async def test_reads_no_picture_without_end(self, site: WebSite, fetcher: Fetcher) -> None:
        async def flood(writer: asyncio.StreamWriter) -> None:
            writer.write(head(200, {"content-type": "image/png"}))
            while True:
                writer.write(bytes(65_536))
                await writer.drain()

        assert await ask(fetcher, site.speaks("/", flood), AGENT) is None
        large = {"content-type": "image/png", "content-length": str(IMAGE_MOST + 1)}
        site.paths["/large"] = head(200, large)
        assert await ask(fetcher, f"{site.url}/large", AGENT) is None

    async def test_waits_for_nobody(self, site: WebSite, fetcher: Fetcher) -> None:
        async def drip(writer: asyncio.StreamWriter) -> None:
            writer.write(head(200, {"content-type": "text/html"}) + TITLE.encode())
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)

        async def silence(_writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        for speak in (drip, silence):
            assert await ask(fetcher, site.speaks("/", speak), AGENT) is None

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"nonsense",
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 99999\r\n\r\n<title>a",
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: -1\r\n\r\n<title>a",
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000 + b"\r\n",
            b"HTTP/1.1 302 So\r\nlocation: http://[\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 302 So\r\nlocation: \xff\xfe\r\ncontent-length: 0\r\n\r\n",
        ],
    )
    async def test_takes_no_broken_answer(
        self, site: WebSite, fetcher: Fetcher, answer: bytes
    ) -> None:
        site.paths["/"] = answer
        assert await ask(fetcher, f"{site.url}/", AGENT) is None

    async def test_believes_no_short_length(self, site: WebSite, fetcher: Fetcher) -> None:
        said = {"content-type": "text/html", "content-length": "9"}
        site.paths["/"] = head(200, said) + b"<p>hi</p>" + TITLE.encode()
        assert await ask(fetcher, f"{site.url}/", AGENT) is None

    async def test_reads_a_page_that_is_none_as_one_that_says_nothing(
        self, site: WebSite, fetcher: Fetcher
    ) -> None:
        url = site.says("/", bytes(range(256)) * 999, content_type="text/html")
        assert await ask(fetcher, url, AGENT) is None


class TestAskInside:
    """Addresses that lead to this machine, its neighbours or nowhere, by whatever way."""

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.2",
            "127.2",
            "0x7f.2",
            "0x7f000002",
            "2130706434",
            "0177.0.0.2",
            "[::ffff:127.0.0.2]",
            "[::ffff:7f00:2]",
            "[64:ff9b::7f00:2]",
            "[2002:7f00:2::]",
            "[::1]",
            "[fe80::1%lo]",
            "[fe80::1%25lo]",
            "[fd00:ec2::254]",
            METADATA,
            f"[::ffff:{METADATA}]",
            "10.0.0.1",
            "192.168.0.1",
            "localhost",
            OWN,
            f"{OWN.upper()}.",
        ],
    )
    async def test_asks_none_of_them(
        self, site: WebSite, inside: WebSite, fetcher: Fetcher, host: str
    ) -> None:
        target = f"http://{host}:{inside.port}/"
        picture = f'<meta property="og:image" content="{target}">'
        assert await ask(fetcher, target, AGENT) is None
        assert await ask(fetcher, site.redirects("/", target), AGENT) is None
        found = await ask(fetcher, site.page("/page", TITLE + picture), AGENT)
        assert found is not None
        assert found.image is None

    @pytest.mark.parametrize(
        "target",
        [
            "file:///etc/passwd",
            "gopher://127.0.0.1/",
            "ftp://127.0.0.1/",
            "data:text/html,<title>a</title>",
            "http://ann:secret@127.0.0.1/",
            "http://127.0.0.1:22/",
            "//127.0.0.2/",
            "http:///etc/passwd",
        ],
    )
    async def test_goes_by_no_other_way(self, site: WebSite, fetcher: Fetcher, target: str) -> None:
        assert await ask(fetcher, target, AGENT) is None
        assert await ask(fetcher, site.redirects("/", target), AGENT) is None

    async def test_looks_a_name_up_once(
        self, site: WebSite, inside: WebSite, fetcher: Fetcher, names: Names
    ) -> None:
        """The second answer leads inside: who asks twice connects there."""
        site.page("/", TITLE)
        names.answers["twice.example"] = [["127.0.0.1"], ["127.0.0.2"]]
        assert await title(fetcher, f"http://twice.example:{site.port}/") == "yes"
        assert names.answers["twice.example"] == [["127.0.0.2"]]
        # The next request is another lookup, and checked as the first.
        assert await title(fetcher, f"http://twice.example:{inside.port}/") is None

    async def test_believes_no_name_with_an_address_inside(
        self, site: WebSite, inside: WebSite, fetcher: Fetcher, names: Names
    ) -> None:
        names.answers["mixed.example"] = [["127.0.0.1", "127.0.0.2"]]
        names.answers["mapped.example"] = [["::ffff:127.0.0.2"]]
        for host in ("mixed.example", "mapped.example"):
            assert await title(fetcher, f"http://{host}:{inside.port}/") is None
        assert not site.asked

    async def test_tries_few_of_many_addresses(
        self, site: WebSite, fetcher: Fetcher, names: Names
    ) -> None:
        """All are looked at, and a bounded number asked."""
        site.page("/", TITLE)
        many = [f"93.184.{n // 250}.{n % 250 + 1}" for n in range(1000)]
        names.answers["many.example"] = [["127.0.0.1", *many]]
        assert await title(fetcher, f"http://many.example:{site.port}/") == "yes"
        names.answers["inside.example"] = [["127.0.0.1", *many, "10.0.0.1"]]
        assert await title(fetcher, f"http://inside.example:{site.port}/") is None

    async def test_tells_nobody_why_there_is_nothing(
        self, site: WebSite, inside: WebSite, fetcher: Fetcher, names: Names
    ) -> None:
        """Closed, filtered, refused, no page: of all there is nothing, in the same words."""
        names.answers["nowhere.example"] = [[]]
        site.says("/none", b"", content_type="application/json")
        asked: list[Found | None] = [
            await ask(fetcher, url, AGENT)
            for url in (
                "http://127.0.0.1:1/",
                f"http://127.0.0.2:{inside.port}/",
                "http://nowhere.example/",
                f"{site.url}/none",
            )
        ]
        assert asked == [None] * 4
