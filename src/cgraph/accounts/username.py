"""What a username may be, and which names look alike."""

import re

MIN_LENGTH = 2
MAX_LENGTH = 32

_ALLOWED = re.compile(r"[a-z0-9_.]*")

_RESERVED_NAMES = (
    "abuse admin administrator anonymous api bot cgraph channel deleted everyone group guest help here info me "
    "mod moderator moderators nobody none null official owner postmaster root security self service staff support "
    "system undefined unknown user webmaster"
)

_LOOK_ALIKES = str.maketrans({"0": "o", "1": "l", "i": "l", ".": None, "_": None})


def normalize(username: str) -> str:
    """The name as it is kept: trimmed and in lower case."""
    return username.strip().lower()


def problems(username: str) -> list[str]:
    """Why a normalized name is no username; empty: it is one. That others have it is not looked at."""
    if not MIN_LENGTH <= len(username) <= MAX_LENGTH:
        return [f"must have {MIN_LENGTH} to {MAX_LENGTH} characters"]
    if not _ALLOWED.fullmatch(username):
        return ["may contain only a-z, 0-9, _ and ."]
    if username[0] == "." or username[-1] == "." or ".." in username:
        return ["must not begin or end with a dot, or contain two in a row"]
    look = skeleton(username)
    if not look:
        return ["must contain a letter or digit"]
    if look in _RESERVED:
        return ["is reserved"]
    return []


def skeleton(username: str) -> str:
    """What a name looks like at a glance: two names with one skeleton cannot both be taken.

    The idea of UTS #39 §4 on the little alphabet that usernames have: separators vanish, and characters and pairs that
    are drawn alike become one.
    """
    look = username.translate(_LOOK_ALIKES)
    return look.replace("rn", "m").replace("vv", "w")


_RESERVED = frozenset(skeleton(name) for name in _RESERVED_NAMES.split())
