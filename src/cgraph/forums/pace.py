"""How much and how soon somebody may post: facts and an instant in, what is counted from then on out. No I/O.

After Discourse: so much a day, less on the first one; a pause between two things; nothing twice in a row; few links of who
is new.
"""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from .errors import PostingTooFast, SaidBefore, TooManyLinks

What = Literal["post", "comment", "edit"]
DAY = timedelta(days=1)
REMEMBERED = 5
"""Things said last that are compared with what is said now."""
SHORT = 20
"""Code points below which something may well be said twice: thanks."""
_LINK = re.compile(r"https?://", re.IGNORECASE)


class PaceLimits(msgspec.Struct, frozen=True):
    """Named as the settings they come from; 0: no limit."""

    posts_per_day: int = 0
    comments_per_day: int = 0
    edits_per_day: int = 0
    post_gap_seconds: int = 0
    comment_gap_seconds: int = 0
    new_account_hours: int = 24
    """How long an account is new."""
    new_posts_per_day: int = 0
    """Of a new account; the next ones too."""
    new_comments_per_day: int = 0
    new_post_gap_seconds: int = 0
    new_comment_gap_seconds: int = 0
    new_links_max: int = 0
    """Links in one post or comment, and 0 stands for no limit here as well."""
    same_content_seconds: int = 0
    """In which the same is not said twice."""


UNPACED = PaceLimits()
"""For imports, seeds and tests."""


class Pace(msgspec.Struct, frozen=True):
    """What somebody has posted lately."""

    since: datetime
    """When this day of theirs began."""
    posts: int = 0
    comments: int = 0
    edits: int = 0
    posted_at: datetime | None = None
    commented_at: datetime | None = None
    said: list[bytes] = []
    """Digests of what they said last, the newest first."""
    said_at: list[datetime] = []


def counted(
    pace: Pace,
    what: What,
    text: str,
    now: datetime,
    *,
    new: bool,
    limits: PaceLimits,
) -> Pace:
    """The pace after one thing more; `new`: the account is. Raises `PostingTooFast`, `SaidBefore`, `TooManyLinks`."""
    if now - pace.since >= DAY:
        pace = msgspec.structs.replace(pace, since=now, posts=0, comments=0, edits=0)
    _check_day(pace, what, now, new=new, limits=limits)
    if what == "edit":
        return msgspec.structs.replace(pace, edits=pace.edits + 1)
    _check_gap(pace, what, now, new=new, limits=limits)
    if new and limits.new_links_max and len(_LINK.findall(text)) > limits.new_links_max:
        raise TooManyLinks(most=limits.new_links_max)
    digest = _digest(text)
    _check_said(pace, digest, now, limits)
    said = [digest, *pace.said][:REMEMBERED] if digest else pace.said
    said_at = [now, *pace.said_at][:REMEMBERED] if digest else pace.said_at
    if what == "post":
        changes = {"posts": pace.posts + 1, "posted_at": now}
    else:
        changes = {"comments": pace.comments + 1, "commented_at": now}
    return msgspec.structs.replace(pace, said=said, said_at=said_at, **changes)


def _check_day(pace: Pace, what: What, now: datetime, *, new: bool, limits: PaceLimits) -> None:
    done = {"post": pace.posts, "comment": pace.comments, "edit": pace.edits}[what]
    most = {
        "post": limits.posts_per_day,
        "comment": limits.comments_per_day,
        "edit": limits.edits_per_day,
    }[what]
    if new and what != "edit":
        of_new = limits.new_posts_per_day if what == "post" else limits.new_comments_per_day
        most = min(most, of_new) if most and of_new else most or of_new
    if most and done >= most:
        wait = (pace.since + DAY - now).total_seconds()
        raise PostingTooFast(
            f"you may {_VERBS[what]} {most} times a day", retry_after=wait, what=f"{what}s_per_day"
        )


def _check_gap(pace: Pace, what: What, now: datetime, *, new: bool, limits: PaceLimits) -> None:
    if what == "post":
        last, gap = pace.posted_at, limits.post_gap_seconds
        of_new = limits.new_post_gap_seconds
    else:
        last, gap = pace.commented_at, limits.comment_gap_seconds
        of_new = limits.new_comment_gap_seconds
    gap = max(gap, of_new) if new else gap
    wait = gap - (now - last).total_seconds() if last else 0
    if wait > 0:
        raise PostingTooFast(retry_after=wait, what=f"{what}_gap")


def _check_said(pace: Pace, digest: bytes | None, now: datetime, limits: PaceLimits) -> None:
    since = now - timedelta(seconds=limits.same_content_seconds)
    recent = {one for one, at in zip(pace.said, pace.said_at, strict=True) if at > since}
    if digest in recent:
        raise SaidBefore


def _digest(text: str) -> bytes | None:
    """Of the words, however they are spaced and written; None: too short to matter."""
    words = " ".join(text.casefold().split())
    if len(words) < SHORT:
        return None
    return hashlib.blake2b(words.encode(), digest_size=16).digest()


_VERBS: dict[What, str] = {"post": "post", "comment": "comment", "edit": "edit"}
