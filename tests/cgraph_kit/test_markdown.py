"""What people write, as HTML: what it should be, and above all what it must never be."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph_kit.markdown import ATTRIBUTES, DEPTH, MOST_NAMES, SCHEMES, TAGS, names_in, render

BASE = {"a": {"rel", "class"}, "img": {"referrerpolicy"}, "span": {"class"}}
FORCED = {"input": {"type"}, "td": {"align"}, "th": {"align"}}
CLASSES = {"mention", "spoiler"}


class Auditor(HTMLParser):
    """Reads HTML and notes whatever may not be in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(f"<{tag}>")
        known = ATTRIBUTES.get(tag, frozenset()) | BASE.get(tag, set()) | FORCED.get(tag, set())
        for name, value in attrs:
            if name not in known:
                self.found.append(f"<{tag} {name}>")
            if name in {"href", "src"} and not self._fine(value or ""):
                self.found.append(f"{name}={value!r}")
            if name == "class" and value not in CLASSES:
                self.found.append(f"class={value!r}")
        if tag == "input" and ("type", "checkbox") not in attrs:
            self.found.append("an input that is no checkbox")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.found.append(f"<![{data}]>")

    def _fine(self, url: str) -> bool:
        return url.startswith("/users/") or url.partition(":")[0].lower() in SCHEMES


def audit(html: str) -> list[str]:
    auditor = Auditor()
    auditor.feed(html)
    auditor.close()
    return auditor.found


SCRIPTS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\n>alert(1)</script\n>",
    "<script/x>alert(1)</script>",
    "<<script>alert(1);//<</script>",
    "<script>/*</script>*/alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<script type=module>import '//x.example'</script>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "text <script>alert(1)</script> text",
    "- <script>alert(1)</script>",
    "> <script>alert(1)</script>",
    "|a|\n|-|\n|<script>alert(1)</script>|",
    "# <script>alert(1)</script>",
    "[<script>alert(1)</script>](https://x.example)",
    "![<script>alert(1)</script>](https://x.example)",
    "**<script>alert(1)</script>**",
    "||<script>alert(1)</script>||",
    "~~<script>alert(1)</script>~~",
]
HANDLERS = [
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img src=`x` onerror=alert(1)>",
    "<img src=x:alert(alt) onerror=eval(src) alt=0>",
    '<img """><script>alert(1)</script>">',
    "<body onload=alert(1)>",
    "<body/onpageshow=alert(1)>",
    "<div onmouseover=alert(1)>x</div>",
    "<div style='width:expression(alert(1))'>",
    "<p style=background:url(javascript:alert(1))>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>",
    "<keygen autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<video poster=javascript:alert(1)>",
    "<audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<a href=https://x.example onclick=alert(1)>x</a>",
    "<a onmouseover=alert(1)>x</a>",
    "<table background=javascript:alert(1)>",
    "<td background=javascript:alert(1)>",
    "<form><button formaction=javascript:alert(1)>x",
    "<form action=javascript:alert(1)><input type=submit>",
    "<isindex type=image src=1 onerror=alert(1)>",
]
ADDRESSES = [
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](&#0000106avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](<javascript:alert(1)>)",
    "[x](  javascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](\u00a0javascript:alert(1))",
    "[x](javascript:alert%281%29)",
    "[x](javascript://x.example/%0aalert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](DATA:image/svg+xml;base64,PHN2Zz4=)",
    "[x](file:///etc/passwd)",
    "[x](blob:https://x.example/1)",
    "[x](feed:javascript:alert(1))",
    "[x](view-source:javascript:alert(1))",
    "[x](jar:https://x.example!/x)",
    "[x](intent://x#Intent;scheme=http;end)",
    "[x](//x.example)",
    "[x](/relative)",
    "[x](?query)",
    "[x](#fragment)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    "![x](vbscript:x)",
    "![x](/tracker.gif)",
    "<javascript:alert(1)>",
    "<vbscript:x>",
    "<data:text/html,x>",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x]: <javascript:alert(1)> 'title'\n\n[x]",
    '[x](https://x.example "onmouseover=alert(1)")',
    '[x](https://x.example "\\" onmouseover=\\"alert(1)")',
    "[x](https://x.example 'a\"onmouseover=alert(1) b=\"')",
    '![a" onerror="alert(1)](https://x.example/x.png)',
    '![x](https://x.example/x.png "\\"><script>alert(1)</script>")',
    'https://x.example/"onmouseover="alert(1)',
    "https://x.example/<script>alert(1)</script>",
    "www.x.example/'onmouseover='alert(1)",
    "[x](https://x.example/\"onmouseover='alert(1)')",
]
FOREIGN = [
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script>alert&#40;1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)/>#x'>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math href=javascript:alert(1)>x</math>",
    "<foreignObject><iframe srcdoc='<script>alert(1)</script>'>",
]
EMBEDDED = [
    "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x>",
    "<link rel=stylesheet href=//x.example/x.css>",
    "<link rel=import href=//x.example>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//x.example/>",
    "<style>@import '//x.example/x.css';</style>",
    "<style>*{background:url(//x.example)}</style>",
    "<template><script>alert(1)</script></template>",
    "<slot name=x>",
    "<frameset onload=alert(1)>",
    "<layer src=//x.example/x.js>",
    "<xml id=x><x>&lt;script&gt;alert(1)&lt;/script&gt;</x></xml>",
    "<portal src=//x.example>",
    "<xss style=behavior:url(x.htc)>",
    "<custom-element onclick=alert(1)>",
    "<plaintext>",
    "<xmp><script>alert(1)</script></xmp>",
    "<title><script>alert(1)</script></title>",
    "<textarea><script>alert(1)</script></textarea>",
]
DECLARED = [
    "<!-- <script>alert(1)</script> -->",
    "<!--><script>alert(1)</script>-->",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<!DOCTYPE html><script>alert(1)</script>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<?php echo 1 ?>",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
]
ODD = [
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "<scr\u0000ipt>alert(1)</script>",
    "<\u0000script>alert(1)</script>",
    "<img src=x one\u0000rror=alert(1)>",
    "<\u2028script>alert(1)</script>",
    "<img src=x onerror\u000b=alert(1)>",
    "<img\u000csrc=x\u000conerror=alert(1)>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\ud83d\ude00<script>alert(1)</script>".encode("utf-16", "surrogatepass").decode("utf-16"),
    "\u202e<script>alert(1)</script>\u202c",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;alert(1)",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\<script>alert(1)\\</script>",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "```x onload=alert(1)\nx\n```",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "~~~'><img src=x onerror=alert(1)>\nx\n~~~",
    "[a](<b)c>)<img src=x onerror=alert(1)>",
    "[a][b](c)<d>[e]: javascript:x",
    '|<img src=x onerror=alert(1)>|\n|:-"><script>|',
    "- [x] <input type=image src=x onerror=alert(1)>",
    '- [">] x',
    '@ann"><script>alert(1)</script>',
    "@<script>ann</script>",
    "[@ann](javascript:alert(1))",
    "![@ann](https://x.example/x.png)",
    "||@ann<img src=x onerror=alert(1)>||",
]
VECTORS = [*SCRIPTS, *HANDLERS, *ADDRESSES, *FOREIGN, *EMBEDDED, *DECLARED, *ODD]
LINKS = {"ann": "/users/1", "ann.lee": "/users/2"}


class TestSafety:
    def test_there_are_many_vectors(self) -> None:
        assert len(set(VECTORS)) == len(VECTORS) >= 100

    @pytest.mark.parametrize("vector", VECTORS)
    def test_of_what_attackers_write(self, vector: str) -> None:
        assert audit(render(vector, LINKS)) == []

    @pytest.mark.parametrize("vector", VECTORS)
    def test_of_two_in_each_other(self, vector: str) -> None:
        for frame in ("> - {} x", "[{}](https://x.example)", "|a|\n|-|\n|{}|", "**{}**\n\n{}"):
            assert audit(render(frame.replace("{}", vector), LINKS)) == []

    @given(
        st.lists(
            st.sampled_from(
                [*VECTORS, *"<>\"'`&;:/\\[]()!|*_~#-@\n\t \0", "javascript:", "attachment:", "ann"]
            ),
            max_size=12,
        )
    )
    def test_of_anything_put_together(self, parts: list[str]) -> None:
        assert audit(render("".join(parts), LINKS)) == []

    @given(st.text())
    def test_of_any_text(self, text: str) -> None:
        assert audit(render(text, LINKS)) == []

    def test_every_link_of_the_source_is_marked(self) -> None:
        html = render("[a](https://x.example) https://y.example <https://z.example> me@x.example")
        assert html.count("<a ") == html.count('rel="nofollow ugc noopener"') == 4

    def test_images_tell_nobody_from_where_they_are_seen(self) -> None:
        html = render("![x](https://x.example/x.png)")
        assert 'referrerpolicy="no-referrer"' in html


PATHOLOGICAL = {
    "quotes": ">" * 40_000,
    "quotes and lists": "> - " * 10_000,
    "lists": "\n".join(" " * (2 * i) + "- x" for i in range(200)),
    "brackets": "[" * 40_000,
    "links": "[a](" * 10_000,
    "images": "![" * 20_000,
    "emphasis": "*a **b " * 5_700,
    "underscores": "_a __b " * 5_700,
    "ticks": "".join("`" * i + " " for i in range(280)),
    "angles": "<" * 40_000,
    "entities": "&#x41;" * 6_600,
    "addresses": "www." * 10_000,
    "mail": "a@" * 20_000,
    "names": "@a.b." * 8_000,
    "one long name": "@" + "a." * 19_999 + "b",
    "wide tables": "|a" * 10_000 + "\n" + "|-" * 10_000,
    "tables that fill up": "|" + "a|" * 1_000 + "\n|" + "-|" * 1_000 + "\n" + "a\n" * 15_000,
    "references": "".join(f"[{'a' * 20}{i}]: x\n" for i in range(1_000)) + "[b]" * 5_000,
    "spoilers": "||" * 20_000,
    "strong": "**a" * 10_000 + "**" * 5_000,
}


class TestBounds:
    @pytest.mark.parametrize("source", PATHOLOGICAL.values(), ids=PATHOLOGICAL)
    def test_little_source_never_makes_much_html(self, source: str) -> None:
        html = render(source, LINKS)
        assert len(html) <= 20 * len(source)
        assert audit(html) == []

    def test_what_lies_too_deep_stays_text(self) -> None:
        shallow, deep = ">" * DEPTH + "x", ">" * (DEPTH + 1) + "x"
        assert render(shallow).count("<blockquote>") == DEPTH
        assert render(deep) == f"<p>{'&gt;' * (DEPTH + 1)}x</p>"

    def test_big_tables_stay_text(self) -> None:
        assert "<table>" in render("|a|b|\n|-|-|\n" + "|1|2|\n" * 100)
        assert "<table>" not in render("|a|b|\n|-|-|\n" + "|1|2|\n" * 5_000)


class TestRender:
    @pytest.mark.parametrize(
        ("source", "html"),
        [
            (
                "*a* **b** ~~c~~ `d`",
                "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>",
            ),
            ("||a||", '<p><span class="spoiler">a</span></p>'),
            ("# a", "<h1>a</h1>"),
            ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>"),
            ("```py\nx\n```", '<pre lang="py"><code>x\n</code></pre>'),
            ("a  \nb", "<p>a<br>\nb</p>"),
            ("", ""),
        ],
    )
    def test_makes_html(self, source: str, html: str) -> None:
        assert render(source).strip() == html

    def test_lists_tasks(self) -> None:
        html = render("- [x] a\n- [ ] b")
        assert html.count('<input checked="" disabled="" type="checkbox">') == 1
        assert html.count('<input disabled="" type="checkbox">') == 1

    def test_links_known_names_alone(self) -> None:
        html = render("@ann @bob @ANN", LINKS)
        assert html.strip() == (
            '<p><a class="mention" href="/users/1">@ann</a> @bob '
            '<a class="mention" href="/users/1">@ANN</a></p>'
        )

    @pytest.mark.parametrize("source", ["![a *b*](attachment:1f)", "![a b](Attachment:1F)"])
    def test_shows_what_came_with_the_text(self, source: str) -> None:
        html = render(source, None, {"1f": "/files/1?a&b"})
        shown = '<p><img src="/files/1?a&amp;b" alt="a b" referrerpolicy="no-referrer"></p>'
        assert html.strip() == shown
        linked = render("[a](attachment:1f)", None, {"1f": "/files/1"})
        assert linked.strip() == '<p><a href="/files/1" rel="nofollow ugc noopener">a</a></p>'

    @pytest.mark.parametrize("files", [None, {"2e": "/files/2"}])
    def test_of_what_did_not_come_with_it_nothing_is_left(
        self, files: dict[str, str] | None
    ) -> None:
        html = render("![a](attachment:1f) [b](attachment:1f) `attachment:1f`", None, files)
        assert "src" not in html
        assert "href" not in html
        assert "<code>attachment:1f</code>" in html

    def test_reads_the_longest_name_there_is(self) -> None:
        html = render("@ann.lee, @ann.other and @ann.", LINKS)
        assert '<a class="mention" href="/users/2">@ann.lee</a>, ' in html
        assert '<a class="mention" href="/users/1">@ann</a>.other' in html
        assert '<a class="mention" href="/users/1">@ann</a>.</p>' in html

    @pytest.mark.parametrize(
        "source",
        [
            "`@ann`",
            "```\n@ann\n```",
            "[@ann](https://x.example)",
            "x@ann.org",
            "https://x.example/@ann",
        ],
    )
    def test_leaves_names_that_mean_nobody(self, source: str) -> None:
        assert "mention" not in render(source, LINKS)
        assert names_in(source) == []


class TestNamesIn:
    def test_finds_each_once_in_order(self) -> None:
        assert names_in("@Bob, *@ann* and @bob") == [["bob"], ["ann"]]

    def test_gives_every_reading_the_longest_first(self) -> None:
        assert names_in("@ann.lee.") == [["ann.lee", "ann"]]

    def test_is_bounded(self) -> None:
        assert len(names_in(" ".join(f"@a{n}" for n in range(500)))) == MOST_NAMES
