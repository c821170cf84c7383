"""What a page says of itself: Open Graph, Twitter's cards, `<title>` and the description, of whatever is sent as HTML.

A tree is never built: pages can be written so that it takes minutes. One pass looks at the tags of the beginning, from left to
right, and gives up where one does not end; each byte is looked at a bounded number of times.
"""

import re
import unicodedata
from html import unescape
from urllib.parse import urljoin

import msgspec

BEGINNING = 256 * 1024
"""Bytes of a page that are looked at; what it says of itself stands at its head."""
TITLE, DESCRIPTION, SITE = 300, 1000, 100
"""Code points that are kept."""
WORTH = 4
"""Times as much source as may be kept is looked at: spaces and entities take room."""

CHARSETS = frozenset(
    [
        "utf-8",
        "utf-16",
        "utf-16le",
        "utf-16be",
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "windows-1253",
        "windows-1254",
        "windows-1255",
        "windows-1256",
        "windows-1257",
        "windows-1258",
        "windows-874",
        "iso-8859-2",
        "iso-8859-3",
        "iso-8859-4",
        "iso-8859-5",
        "iso-8859-6",
        "iso-8859-7",
        "iso-8859-8",
        "iso-8859-10",
        "iso-8859-13",
        "iso-8859-14",
        "iso-8859-15",
        "iso-8859-16",
        "koi8-r",
        "koi8-u",
        "ibm866",
        "mac-roman",
        "gbk",
        "gb18030",
        "big5",
        "euc-jp",
        "iso-2022-jp",
        "shift_jis",
        "euc-kr",
    ]
)
_ALIASES = {
    **dict.fromkeys(("utf8", "unicode-1-1-utf-8"), "utf-8"),
    **dict.fromkeys(("ascii", "us-ascii", "iso-8859-1", "iso8859-1", "latin1"), "windows-1252"),
    **dict.fromkeys(("gb2312", "gb_2312-80", "x-gbk"), "gbk"),
    **dict.fromkeys(("sjis", "shift-jis", "x-sjis", "windows-31j"), "shift_jis"),
    **dict.fromkeys(("macintosh", "x-mac-roman"), "mac-roman"),
    **dict.fromkeys(("ks_c_5601-1987", "windows-949"), "euc-kr"),
}
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be"))
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_DECLARED = 1024
"""Bytes in which a page says its charset."""

_TAG = re.compile(r"""<(/?[a-zA-Z][a-zA-Z0-9:-]*+)((?:[^>"']|"[^"]*+"|'[^']*+')*+)>""")
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?+""")
_BEGINS = re.compile(r"<!--|</?[a-zA-Z]")
_RAW = frozenset({"script", "style", "noscript", "template", "textarea", "xmp", "iframe", "svg"})
_NAMES = {
    "title": ("og:title", "twitter:title"),
    "description": ("og:description", "twitter:description", "description"),
    "site_name": ("og:site_name", "application-name"),
    "image": (
        *("og:image:secure_url", "og:image", "og:image:url"),
        *("twitter:image", "twitter:image:src"),
    ),
}
_WANTED = frozenset(name for names in _NAMES.values() for name in names)


class Page(msgspec.Struct, frozen=True):
    """What a page says."""

    title: str | None = None
    description: str | None = None
    site_name: str | None = None
    image_url: str | None = None
    """As it is asked for, wherever it leads."""


def read_page(body: bytes, content_type: str, url: str) -> Page:
    """Of the beginning of a page; `url`: where it was found. Never raises, whatever it is given."""
    said, title = _scan(_decode(body[:BEGINNING], content_type))

    def first(field: str) -> str | None:
        return next((said[name] for name in _NAMES[field] if said.get(name)), None)

    image = first("image")
    return Page(
        plain(first("title") or title or "", TITLE),
        plain(first("description") or "", DESCRIPTION),
        plain(first("site_name") or "", SITE),
        _joined(url, image) if image else None,
    )


def plain(text: str, most: int) -> str | None:
    """One line of it, without anything that cannot be seen or turns the text around it; None: nothing is left."""
    found = unicodedata.normalize("NFC", text[: most * WORTH])
    seen = "".join(" " if char.isspace() else char for char in found if _is_shown(char))
    line = " ".join(seen.split())
    if len(line) > most:
        line = line[: most - 1].rstrip() + "…"
    return line if line.strip(_JOINERS) else None


_JOINERS = "\u200c\u200d"
"""Between letters and emoji they mean something; the other formatting characters do not here."""


def _is_shown(char: str) -> bool:
    return char.isspace() or char in _JOINERS or unicodedata.category(char)[0] != "C"


def _decode(body: bytes, content_type: str) -> str:
    """By its mark, by its header, by what it says itself; else as UTF-8, or as most pages were before."""
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace")
    said = (_CHARSET.search(content_type.encode()), _CHARSET.search(body[:_DECLARED]))
    for found in said:
        if found and (known := _known(found[1].decode("ascii"))):
            return body.decode(known, "replace")
    text = body.decode("utf-8", "replace")
    # The last character may have been cut.
    return body.decode("windows-1252", "replace") if "\ufffd" in text[:-3] else text


def _known(name: str) -> str | None:
    """A charset pages are written in: Python knows others that are none."""
    name = _ALIASES.get(name.lower(), name.lower())
    return name if name in CHARSETS else None


def _scan(text: str) -> tuple[dict[str, str], str]:
    """What meta tags say, the first of each name, and the title."""
    said, title, at = dict[str, str](), "", 0
    while (begins := _BEGINS.search(text, at)) is not None:
        if begins[0] == "<!--":
            at = text.find("-->", begins.end())
        elif (tag := _TAG.match(text, begins.start())) is not None:
            name, at = tag[1].lower(), tag.end()
            if name == "title" and not title:
                close = text.find("<", at)
                title = _value(text[at : close if close >= 0 else len(text)])
            elif name == "meta":
                _note(said, tag[2])
            elif name in _RAW:
                at = _close(text, name, at)
        else:  # a tag that does not end: nothing after it is one
            break
        if at < 0:
            break
    return said, title


def _close(text: str, name: str, at: int) -> int:
    """Where an element ends whose content is no markup, or none of ours; -1: nowhere."""
    found = re.compile(rf"</{name}", re.IGNORECASE).search(text, at)
    return found.start() if found else -1


def _note(said: dict[str, str], attributes: str) -> None:
    found = dict[str, str]()
    for match in _ATTRIBUTE.finditer(attributes):
        key = match[1].lower()
        if key in {"property", "name", "content"}:
            found.setdefault(key, match[2] or match[3] or match[4] or "")
    for name in (found.get("property"), found.get("name")):
        known = name.strip().lower() if name else ""
        if known in _WANTED and "content" in found:
            said.setdefault(known, _value(found["content"]))


def _value(source: str) -> str:
    return unescape(source[: DESCRIPTION * WORTH]).strip()


def _joined(url: str, image: str) -> str | None:
    try:
        return urljoin(url, image)
    except ValueError:
        return None
