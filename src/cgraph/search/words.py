"""The words that documents have: what begins with a fragment, contains it, or looks like a misspelt word."""

import re
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from .backend import How
from .changes import hold_turn

SHORTEST = 3
"""Characters of a fragment that is looked for inside of words, or of a word that may be misspelt: a trigram's."""
LIKENESS = 0.3
"""What two words have in common at least, as pg_trgm counts it, before they are compared."""
COMPARED = 200
"""Words that are compared, the likest first."""
LONG = 5
"""Letters from which two mistakes are forgiven, and not one."""
RECHECK = timedelta(hours=20)
"""A word is looked at again after so long: the job comes each night."""
AT_ONCE = 500
"""Words looked at in one transaction."""


async def expand(db: Repo, fragment: str, how: How, limit: int) -> list[str]:
    """Words for a fragment, folded as analysis folds; the likeliest first: the shortest, or the likest."""
    match how:
        case "prefix":
            return await db.values(_PREFIX, _pattern(fragment) + "%", limit)
        case "infix":
            if len(fragment) < SHORTEST:
                return []
            return await db.values(_INFIX, f"%{_pattern(fragment)}%", limit)
        case "similar":
            return await _similar(db, fragment, limit)


async def _similar(db: Repo, word: str, limit: int) -> list[str]:
    if len(word) < SHORTEST:
        return []
    most = 1 if len(word) <= LONG else 2
    async with db.transaction() as tx:
        await tx.value(_LIKENESS, str(LIKENESS))
        found = await tx.values(_SIMILAR, word, COMPARED, len(word) - most, len(word) + most)
    near = [(mistakes, other) for other in found if (mistakes := distance(word, other)) <= most]
    return [other for _, other in sorted(near, key=lambda pair: pair[0])][:limit]


def distance(one: str, other: str) -> int:
    """How many letters are missing, too many, other ones or exchanged with the next (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, its in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


async def learn(tx: Transaction, words: Iterable[str]) -> None:
    """There are documents with these words now."""
    known = sorted(set(words))
    if known:
        await tx.value(_LEARN, known)


async def forget_unused(db: Repo) -> int:
    """Forget the words and stems no document has any more; how many words. Takes turns with whoever writes the index."""
    await _forget(db, _FORGET_STEMS)
    return await _forget(db, _FORGET_WORDS)


async def _forget(db: Repo, statement: str) -> int:
    """Some at a time."""
    before, forgotten = clock.now() - RECHECK, 0
    while True:
        async with db.transaction() as tx:
            await hold_turn(tx)
            looked = await tx.one(_Looked, statement, before, AT_ONCE)
        forgotten += looked.forgotten
        if looked.at < AT_ONCE:
            return forgotten


class _Looked(msgspec.Struct, frozen=True):
    at: int
    forgotten: int


def _pattern(fragment: str) -> str:
    return fragment.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_PREFIX = "SELECT word FROM search_words WHERE word LIKE $1 ORDER BY length(word), word LIMIT $2"
_INFIX = _PREFIX
_LIKENESS = "SELECT set_config('pg_trgm.similarity_threshold', $1, true)"
_SIMILAR = """
SELECT word FROM search_words WHERE word % $1 AND length(word) BETWEEN $3 AND $4
ORDER BY similarity(word, $1) DESC, word LIMIT $2
"""
_LEARN = "INSERT INTO search_words (word) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
_FORGET_WORDS = r"""
WITH due AS MATERIALIZED (
    SELECT word FROM search_words WHERE checked_at < $1 ORDER BY checked_at LIMIT $2
), used AS MATERIALIZED (
    SELECT word, EXISTS (
        SELECT FROM search_documents d
        WHERE d.terms @@ ('''' || replace(replace(word, '\', '\\'), '''', '''''') || '''')::tsquery
    ) AS used FROM due
), kept AS (
    UPDATE search_words w SET checked_at = now() FROM used u WHERE w.word = u.word AND u.used
), forgotten AS (
    DELETE FROM search_words w USING used u WHERE w.word = u.word AND NOT u.used RETURNING 1
)
SELECT (SELECT count(*) FROM due), (SELECT count(*) FROM forgotten)
"""
_FORGET_STEMS = re.sub(r"\bword\b", "stem", _FORGET_WORDS.replace("search_words", "search_stems"))
