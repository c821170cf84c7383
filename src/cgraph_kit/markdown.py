"""Markdown as people write it, to HTML that may stand in any page.

CommonMark with tables, strikethrough, task lists, spoilers (`||so||`) and bare addresses as links. HTML in the source is
shown as text. What comes out of the parser passes a sanitiser all the same, so that neither has to be trusted alone.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import escape, unescape
from itertools import islice

import comrak
import nh3

CELLS = 10_000
"""Lines times columns from which on tables stay text: short rows are filled up, so little source makes much HTML."""
DEPTH = 100
"""Quotes and lists within each other; deeper ones stay text."""
SHORT = 1_000
"""Code points up to which thousands of texts are kept with their HTML, as lists show them; of longer ones a few."""
MOST_NAMES = 100
"""Names looked at in one text."""

_TAGS = (
    "a blockquote br code del em h1 h2 h3 h4 h5 h6 hr img input li ol p pre span strong "
    "table tbody td th thead tr ul"
)
TAGS = frozenset(_TAGS.split())
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "a": frozenset({"href", "title"}),
    "img": frozenset({"src", "alt", "title"}),
    "input": frozenset({"checked", "disabled"}),
    "ol": frozenset({"start"}),
    "pre": frozenset({"lang"}),
}
SCHEMES = frozenset({"http", "https", "mailto"})
ATTACHMENT = "attachment"
"""Scheme of what the text comes with: `![so](attachment:<id>)`. It leads to an address of ours, or nowhere."""
LINK_REL = "nofollow ugc noopener"

_NAME = re.compile(r"(?<![\w@/.])(?<!\w[+-])@([a-z0-9_.]{0,63}[a-z0-9_])(?![\w@])", re.IGNORECASE)
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)(?:[^<>"]|"[^"]*")*>')
_ATTACHED = re.compile(rf' (src|href)="{ATTACHMENT}:([^"]*)"', re.IGNORECASE)
_BRACKETED = re.compile(r"(?<!\]\()<https?://[^<>\s]*>", re.IGNORECASE)
_HREF = re.compile(r' href="(https?://[^"]*)"', re.IGNORECASE)
_SILENT = frozenset({"a", "code", "pre"})
"""Elements in which an @ means nobody."""


def render(
    source: str, links: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
) -> str:
    """HTML of a text of bounded length. `links`: the address behind each `@name` that means somebody, by name in lower case.

    `files`: the address behind each `attachment:<id>`, by id in lower case. Links of the source get
    `rel="nofollow ugc noopener"`; addresses other than http, https, mailto and of these files are dropped.
    """
    html = _clean(source)
    if f'"{ATTACHMENT}:' in html:
        html = _place_files(html, files or {})
    return _link_names(html, links) if links and "@" in html else html


def names_in(source: str) -> list[list[str]]:
    """The `@names` a text calls, in lower case and in order, each with all it may be read as, the longest first.

    A dot may belong to a name or end a sentence: `@ann.lee` is ann.lee, or else ann. Names in code and in links call nobody.
    """
    if "@" not in source:
        return []
    found = {
        match[1].lower(): None
        for text, silent in _pieces(_clean(source))
        if not silent
        for match in _NAME.finditer(text)
    }
    return [_readings(name) for name in islice(found, MOST_NAMES)]


def links_in(source: str) -> list[str]:
    """The addresses a text leads to, http and https, in order and each once.

    Not those in code, behind spoilers, of images, and those somebody has written in angle brackets.
    """
    if "http" not in source.lower():
        return []
    found, hidden = dict[str, None](), 0
    for tag in _TAG.finditer(_clean(_BRACKETED.sub(" ", source))):
        if tag[2] == "span":
            hidden += -1 if tag[1] else 1
        elif tag[2] == "a" and not hidden and (href := _HREF.search(tag[0])):
            found[unescape(href[1])] = None
    return list(found)


def _clean(source: str) -> str:
    return _clean_short(source) if len(source) <= SHORT else _clean_long(source)


@lru_cache(4096)
def _clean_short(source: str) -> str:
    return _cleaned(source)


@lru_cache(64)
def _clean_long(source: str) -> str:
    return _cleaned(source)


def _cleaned(source: str) -> str:
    html = comrak.render_markdown(source, _extensions(source), _PARSE, _RENDER)
    if _is_deep(html):
        html = f"<p>{escape(source, quote=False)}</p>"
    return _lowered(_CLEANER.clean(html))


def _lowered(html: str) -> str:
    """With the scheme of files as we look for it."""
    if f'"{ATTACHMENT}:' not in html.lower():
        return html
    return _TAG.sub(
        lambda tag: _ATTACHED.sub(lambda m: f' {m[1]}="{ATTACHMENT}:{m[2].lower()}"', tag[0]),
        html,
    )


def _place_files(html: str, files: Mapping[str, str]) -> str:
    """Files that did not come with the text lead nowhere, as all addresses that are dropped."""

    def placed(match: "re.Match[str]") -> str:
        address = files.get(match[2])
        return f' {match[1]}="{escape(address)}"' if address else ""

    return _TAG.sub(lambda tag: _ATTACHED.sub(placed, tag[0]), html)


def _extensions(source: str) -> comrak.ExtensionOptions:
    lines = source.split("\n")
    columns = max(line.count("|") for line in lines)
    return _WITH_TABLES if len(lines) * columns <= CELLS else _WITHOUT_TABLES


def _is_deep(html: str) -> bool:
    if html.count("<blockquote>") + html.count("<li>") <= DEPTH:
        return False
    depth = 0
    for match in re.finditer(r"<(/?)(?:blockquote|li)>", html):
        depth += -1 if match[1] else 1
        if depth > DEPTH:
            return True
    return False


def _link_names(html: str, links: Mapping[str, str]) -> str:
    def linked(match: "re.Match[str]") -> str:
        for name in _readings(match[1].lower()):
            if name in links:
                end = match.end(1) - len(match[1]) + len(name)
                rest = match.string[end : match.end()]
                shown = match.string[match.start(1) : end]
                return f'<a class="mention" href="{escape(links[name])}">@{shown}</a>{rest}'
        return match[0]

    return "".join(
        text if silent or "@" not in text else _NAME.sub(linked, text)
        for text, silent in _pieces(html, tags=True)
    )


def _readings(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(len(parts), 0, -1) if parts[n - 1]]


def _pieces(html: str, *, tags: bool = False) -> Iterator[tuple[str, bool]]:
    """The texts of sanitised HTML, in order, and whether an @ in them means nobody; with `tags` also the tags."""
    at, inside = 0, 0
    for match in _TAG.finditer(html):
        if at < match.start():
            yield html[at : match.start()], inside > 0
        if match[2] in _SILENT:
            inside += -1 if match[1] else 1
        if tags:
            yield match[0], True
        at = match.end()
    if at < len(html):
        yield html[at:], inside > 0


def _extended(*, table: bool) -> comrak.ExtensionOptions:
    options = comrak.ExtensionOptions()
    options.autolink = options.strikethrough = options.tasklist = options.spoiler = True
    options.table = table
    return options


def _rendering() -> comrak.RenderOptions:
    options = comrak.RenderOptions()
    options.escape = options.github_pre_lang = True
    return options


_WITH_TABLES = _extended(table=True)
_WITHOUT_TABLES = _extended(table=False)
_PARSE = comrak.ParseOptions()
_RENDER = _rendering()
_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={"script", "style"},
    attributes={name: set(names) for name, names in ATTRIBUTES.items()},
    tag_attribute_values={
        "td": {"align": {"left", "center", "right"}},
        "th": {"align": {"left", "center", "right"}},
    },
    # One of each: of several the order differs from process to process, and so would what caches compare.
    set_tag_attribute_values={
        "img": {"referrerpolicy": "no-referrer"},
        "input": {"type": "checkbox"},
    },
    allowed_classes={"span": {"spoiler"}},
    url_schemes={*SCHEMES, ATTACHMENT},
    url_relative="deny",
    link_rel=LINK_REL,
)
