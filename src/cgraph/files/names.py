"""Names of files, made harmless: what somebody called a file must not become a path, a header or a trick of the eye."""

import re
import unicodedata

from .file import NAME_MAX

UNNAMED = "file"
_SEPARATORS = re.compile(r"[/\\]")
_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)
"""Devices of Windows, whatever extension they have."""
_ILLEGAL = str.maketrans(dict.fromkeys('<>:"|?*', "_"))
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, marks that turn the direction of writing or are not seen, halves and what is no character."""
EXTENSION_MAX = 20
LOOKED_AT = 4096
"""Characters at the end of a name that are looked at."""


def harmless(name: str) -> str:
    """The last part of a path, of characters to be seen, that no file system takes for something else; 255 bytes at most."""
    name = _SEPARATORS.split(unicodedata.normalize("NFC", name[-LOOKED_AT:]))[-1]
    name = "".join(char for char in name if unicodedata.category(char) not in _INVISIBLE)
    name = " ".join(name.translate(_ILLEGAL).split()).strip(". ")
    name = _RESERVED.sub(r"_\1", name)
    return _shortened(name) or UNNAMED


def _shortened(name: str) -> str:
    """To so many bytes of UTF-8, the extension kept."""
    if len(name.encode()) <= NAME_MAX:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > EXTENSION_MAX:
        stem, dot, extension = name, "", ""
    ending = dot + extension
    kept = stem.encode()[: NAME_MAX - len(ending.encode())].decode("utf-8", "ignore")
    return kept.rstrip(". ") + ending
