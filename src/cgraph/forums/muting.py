"""Words a person does not want to read of: in lists, posts with one of them in the title are left out."""

import unicodedata
from typing import Annotated

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.validation import NO_NUL, Input

from .forum import check_visible

MOST = 100

Word = Annotated[
    str, msgspec.Meta(min_length=2, max_length=50, pattern=NO_NUL, examples=["spoiler"])
]


class MutedWords(Input, frozen=True):
    """All of them; the case of letters does not count."""

    words: Annotated[list[Word], msgspec.Meta(max_length=MOST)]

    def __post_init__(self) -> None:
        for word in self.words:
            check_visible("words", word)


async def list_muted_words(db: Repo, actor: Actor) -> list[str]:
    """As they are compared: folded, in order."""
    return await db.values(
        "SELECT word FROM forum_muted_words WHERE user_id = $1 ORDER BY word", actor.id
    )


async def set_muted_words(db: Repo, actor: Actor, muted: MutedWords) -> list[str]:
    """Put these in the place of what was."""
    words = sorted({unicodedata.normalize("NFKC", word).casefold()[:50] for word in muted.words})
    async with db.transaction() as tx:
        # One change at a time: of two, the later one holds.
        await tx.value("SELECT 1 FROM streams WHERE id = $1 FOR NO KEY UPDATE", actor.id)
        await tx.value("DELETE FROM forum_muted_words WHERE user_id = $1", actor.id)
        await tx.value(_SET, actor.id, words)
    return words


_SET = "INSERT INTO forum_muted_words (user_id, word) SELECT $1, unnest($2::text[])"
