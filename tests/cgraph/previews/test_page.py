from collections.abc import Callable

import pytest

from cgraph.previews.page import BEGINNING, DESCRIPTION, TITLE, Page, plain, read_page

URL = "https://example.org/a/b"


def read(head: str, content_type: str = "text/html; charset=utf-8") -> Page:
    return read_page(head.encode(), content_type, URL)


class TestReadPage:
    def test_takes_open_graph_then_twitter_then_html(self) -> None:
        html = '<title>plain</title><meta name=description content="said">'
        twitter = (
            '<meta name="twitter:title" content="card"><meta name="twitter:image" content=c.png>'
        )
        graph = (
            '<meta property="og:title" content="graph"><meta property="og:image" content="/g.png">'
        )
        assert read(html) == Page("plain", "said")
        assert read(html + twitter) == Page("card", "said", image_url="https://example.org/a/c.png")
        assert read(html + twitter + graph).title == "graph"
        assert read(html + twitter + graph).image_url == "https://example.org/g.png"

    def test_takes_the_first_of_each_and_skips_empty_ones(self) -> None:
        page = read(
            '<meta property="og:title" content="one"><meta property="og:title" content="two">'
        )
        assert page.title == "one"
        assert read('<meta property="og:title" content=""><title>t</title>').title == "t"

    def test_decodes_entities_once(self) -> None:
        assert read("<title>a &amp;amp; b &lt;c&gt; &#x1F41D;</title>").title == "a &amp; b <c> 🐝"

    def test_returns_markup_as_text(self) -> None:
        evil = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"
        page = read(f'<meta property="og:title" content="{evil}">')
        assert page.title == '"><script>alert(1)</script>'

    @pytest.mark.parametrize(
        "hidden",
        [
            "<!-- <title>no</title> -->",
            "<script>'<title>no</title>'</script>",
            "<style><title>no</title></style>",
            "<svg><title>no</title></svg>",
            "<noscript><title>no</title></noscript>",
        ],
    )
    def test_passes_over_what_is_no_page(self, hidden: str) -> None:
        assert read(f"{hidden}<title>yes</title>").title == "yes"

    def test_says_nothing_of_what_says_nothing(self) -> None:
        for body in (
            b"",
            b"\x00\xff\xfe\x80",
            b"<",
            b"<title",
            b"<meta content='",
            b"<!--",
            b"x" * 9,
        ):
            assert read_page(body, "text/html", URL) == Page()

    @pytest.mark.parametrize(
        ("charset", "encoding"),
        [
            ("windows-1251", "cp1251"),
            ("Shift_JIS", "shift_jis"),
            ("gb2312", "gbk"),
            ("euc-kr", "euc_kr"),
            ("ISO-8859-1", "cp1252"),
        ],
    )
    def test_reads_it_in_its_charset(self, charset: str, encoding: str) -> None:
        text = {"cp1251": "Пчёлы", "cp1252": "Bücher", "euc_kr": "꿀벌"}.get(encoding, "蜂")
        said = f"<meta charset={charset}><title>{text}</title>".encode(encoding)
        bare = f"<title>{text}</title>".encode(encoding)
        assert read_page(said, "text/html", URL).title == text
        assert read_page(bare, f"text/html; charset={charset}", URL).title == text

    def test_reads_what_says_no_charset(self) -> None:
        assert read_page("<title>Bücher</title>".encode(), "text/html", URL).title == "Bücher"
        assert read_page("<title>Bücher</title>".encode("cp1252"), "", URL).title == "Bücher"
        marked = "\ufeff<title>Bücher</title>".encode("utf-16le")
        assert read_page(marked, "text/html", URL).title == "Bücher"

    @pytest.mark.parametrize(
        "charset", ["punycode", "unicode_escape", "idna", "zlib", "utf-7", "x"]
    )
    def test_knows_no_charset_that_is_none(self, charset: str) -> None:
        page = read_page(b"<title>a\\x41-</title>", f"text/html; charset={charset}", URL)
        assert page.title == "a\\x41-"

    def test_bounds_what_it_keeps(self) -> None:
        page = read(f"<title>{'a' * 10_000_000}</title>")
        assert page.title == "a" * (TITLE - 1) + "…"
        long = read(f'<meta name=description content="{"b " * 9000}">').description
        assert long is not None
        assert len(long) <= DESCRIPTION

    @pytest.mark.parametrize(
        "hard",
        [
            lambda n: "<!--" * n,
            lambda n: "<" * n,
            lambda n: '<a "' * n,
            lambda n: "<a b='" * n,
            lambda n: "<script>" * n,
            lambda n: "<meta " + "a " * n + ">",
            lambda n: "<meta " + "a=" * n + ">",
            lambda n: "<meta a" + " " * n + ">",
            lambda n: "<b a=1>" * n + "<p>" * n,
            lambda n: "<title>" + "&" * n,
            lambda n: "<title>" + "&#" * n + "</title>",
            lambda n: "<title>" + "e\u0301\u0323" * n,
        ],
    )
    def test_comes_to_an_end_however_a_page_is_written(self, hard: Callable[[int], str]) -> None:
        """What took more than one pass would not, in the time the whole suite has."""
        assert read(hard(BEGINNING)).image_url is None


class TestPlain:
    def test_is_one_line_of_what_can_be_seen(self) -> None:
        assert plain(" a\r\n\tb\u2028c\u00a0d ", 99) == "a b c d"
        assert plain("safe\u202egpj.exe\u2066\u200b\x00\x1b[31m\ue000", 99) == "safegpj.exe[31m"
        assert plain("👩\u200d🚀 می\u200cرود", 99) == "👩\u200d🚀 می\u200cرود"

    def test_is_nothing_where_nothing_is_left(self) -> None:
        assert plain("\u200b\u202e \u200d", 99) is None
        assert plain("", 99) is None
