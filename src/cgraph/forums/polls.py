"""Polls: asked with a post, answered, counted."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Annotated
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input, demand_end

from .access import hold_post
from .errors import NoPoll, PollEnded
from .events import PostCounted
from .post import ANSWERS, NewPoll, Poll, PollAnswer


class PollVote(Input, frozen=True):
    """What one chooses, in the place of what one chose before; nothing: one's vote is taken back."""

    answers: Annotated[list[int], msgspec.Meta(max_length=ANSWERS, examples=[[1]])]
    """Numbers of answers."""


class _Row(msgspec.Struct, frozen=True):
    post_id: UUID
    multiple: bool
    hide_results: bool
    ends_at: datetime | None
    voter_count: int
    answer: int
    text: str
    votes: int
    chosen: bool


class _Poll(msgspec.Struct, frozen=True):
    multiple: bool
    ends_at: datetime | None
    answers: int


async def add_poll(tx: Transaction, post_id: UUID, new: NewPoll) -> None:
    """Ask with a post that was made in this transaction. Raises `Invalid` for an end that is past."""
    demand_end("poll.ends_at", new.ends_at)
    await tx.value(_ADD, post_id, new.multiple, new.hide_results, new.ends_at)
    await tx.value(_ADD_ANSWERS, post_id, new.answers)


async def list_polls(
    db: Repo, reader_id: UUID | None, post_ids: Sequence[UUID]
) -> dict[UUID, Poll]:
    """The polls of these posts."""
    now = clock.now()
    rows = await db.all(_Row, _LIST, list(post_ids), reader_id)
    return {id: _poll(list(of), now) for id, of in groupby(rows, key=lambda row: row.post_id)}


async def vote_in_poll(db: Repo, actor: Actor, post_id: UUID, vote: PollVote) -> Poll:
    """Choose, or choose otherwise while it goes on; the same again changes nothing.

    Raises `PostNotFound`, `PostLocked`, `PostArchived`, `BannedFromForum`, `ForumArchived`, `NoPoll`, `PollEnded`, `Invalid`.
    """
    async with db.transaction() as tx:
        post = await hold_post(tx, actor, post_id)
        post.demand_open()
        post.forum.demand_taking_part()
        poll = await tx.first(_Poll, _GET, post_id)
        if poll is None:
            raise NoPoll
        _check(poll, vote)
        if await _choose(tx, actor, post_id, sorted(vote.answers)):
            tx.publish(PostCounted(post.forum.forum_id, post_id))
        return (await list_polls(tx, actor.id, [post_id]))[post_id]


def _check(poll: _Poll, vote: PollVote) -> None:
    if poll.ends_at is not None and poll.ends_at <= clock.now():
        raise PollEnded
    if len(vote.answers) > 1 and not poll.multiple:
        raise Invalid.field("answers", "must be one")
    if len(set(vote.answers)) < len(vote.answers):
        raise Invalid.field("answers", "must differ")
    if any(not 1 <= answer <= poll.answers for answer in vote.answers):
        raise Invalid.field("answers", f"must be from 1 to {poll.answers}")


async def _choose(tx: Transaction, actor: Actor, post_id: UUID, answers: list[int]) -> bool:
    before = await tx.values(_CHOSEN, post_id, actor.id)
    if before == answers:
        return False
    await tx.value(_DELETE, post_id, actor.id)
    await tx.value(_INSERT, post_id, actor.id, answers)
    await tx.value(_COUNT, post_id, before, answers)
    await tx.value(_COUNT_VOTERS, post_id, bool(answers) - bool(before))
    return True


def _poll(rows: Sequence[_Row], now: datetime) -> Poll:
    one = rows[0]
    ended = one.ends_at is not None and one.ends_at <= now
    hidden = one.hide_results and not ended
    answers = [
        PollAnswer(row.answer, row.text, None if hidden else row.votes, row.chosen) for row in rows
    ]
    return Poll(answers, one.multiple, one.hide_results, one.ends_at, ended, one.voter_count)


_ADD = "INSERT INTO polls (post_id, multiple, hide_results, ends_at) VALUES ($1, $2, $3, $4)"
_ADD_ANSWERS = """
INSERT INTO poll_answers (post_id, answer, text) SELECT $1, n, text FROM unnest($2::text[]) WITH ORDINALITY AS a (text, n)
"""
_LIST = """
SELECT l.post_id, l.multiple, l.hide_results, l.ends_at, l.voter_count, a.answer, a.text, a.votes,
    EXISTS (SELECT FROM poll_votes v WHERE v.post_id = l.post_id AND v.user_id = $2 AND v.answer = a.answer)
FROM polls l JOIN poll_answers a ON a.post_id = l.post_id
WHERE l.post_id = ANY($1) ORDER BY l.post_id, a.answer
"""
_GET = """
SELECT multiple, ends_at, (SELECT count(*) FROM poll_answers a WHERE a.post_id = l.post_id) FROM polls l WHERE post_id = $1
"""
_CHOSEN = "SELECT answer FROM poll_votes WHERE post_id = $1 AND user_id = $2 ORDER BY answer"
_DELETE = "DELETE FROM poll_votes WHERE post_id = $1 AND user_id = $2"
_INSERT = "INSERT INTO poll_votes (post_id, user_id, answer) SELECT $1, $2, unnest($3::smallint[])"
_COUNT = """
UPDATE poll_answers SET votes = votes + (answer = ANY($3::smallint[]))::int - (answer = ANY($2::smallint[]))::int
WHERE post_id = $1
"""
_COUNT_VOTERS = "UPDATE polls SET voter_count = voter_count + $2 WHERE post_id = $1"
