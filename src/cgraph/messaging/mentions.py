"""Whom a text means: `@username`, found on the server."""

import re
from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo

MOST = 100
"""Names looked up in one message."""
LONGEST = 100
"""Characters of a name: no person's and no role's is longer."""
MOST_PARTS = 16
"""Parts between dots that are read as one name."""

_SILENT = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE | re.DOTALL
)
"""Code and addresses: an @ in them means nobody."""
_NAME = re.compile(r"(?<![\w@/])(?<!\w[.+-])@([a-z0-9_.]*[a-z0-9_])(?![\w@])", re.IGNORECASE)


class Mentioned(msgspec.Struct, frozen=True):
    """A participant a text names."""

    user_id: UUID
    username: str


def audible(text: str) -> str:
    """A text without code and addresses: an @ in them means nobody."""
    return _SILENT.sub(" ", text)


def names_in(text: str) -> list[list[str]]:
    """The names a text calls, in lower case: of each, what it may be read as, the longest first.

    A dot may belong to a name or end a sentence: `@ann.lee` is ann.lee, or else ann.
    """
    if "@" not in text:
        return []
    found: dict[str, list[str]] = {}
    for match in _NAME.finditer(audible(text)):
        name = match[1].lower()
        if name not in found:
            found[name] = _readings(name)
            if len(found) == MOST:
                break
    return list(found.values())


def _readings(name: str) -> list[str]:
    parts = name[: LONGEST + 1].split(".")
    most = min(len(parts), MOST_PARTS)
    return [one for n in range(most, 0, -1) if len(one := ".".join(parts[:n])) <= LONGEST]


async def find_mentioned(db: Repo, conversation_id: UUID, sender_id: UUID, text: str) -> list[UUID]:
    """The other participants whom a text mentions, in order, but for those a block parts from the sender."""
    names = names_in(text)
    if not names:
        return []
    rows = await db.all(
        Mentioned, _FIND, conversation_id, sender_id, sorted({n for each in names for n in each})
    )
    ids = {row.username: row.user_id for row in rows}
    meant = (next((ids[name] for name in each if name in ids), None) for each in names)
    return list(dict.fromkeys(id for id in meant if id is not None))


_FIND = """
SELECT u.id, u.username
FROM users u JOIN participants p ON p.conversation_id = $1 AND p.user_id = u.id AND p.left_seq IS NULL AND NOT p.gated
WHERE u.username = ANY($3) AND u.id <> $2
  AND NOT EXISTS (SELECT FROM blocked_pairs b WHERE b.user_id = $2 AND b.other_id = u.id)
"""


def without(ids: Sequence[UUID], others: Sequence[UUID]) -> list[UUID]:
    """Those of the first that are not among the others."""
    kept = set(others)
    return [id for id in ids if id not in kept]
