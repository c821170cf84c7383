"""Keeping people from taking part in a forum, for good or for a while, and letting them again."""

from typing import Any
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor, Person, UserNotFound
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction, columns
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page
from cgraph_kit.validation import demand_end

from .access import Access, get_forum, hold_forum
from .ban import BanRow, ForumBan, NewForumBan
from .ban_sweeping import restore_banned, sweep_banned
from .errors import CannotUndoAct, ForumBanNotFound, OutrankedInForum
from .events import AccessLost
from .log import Entry, LogEntry, record, show_entry


async def ban_user(
    db: Repo, actor: Actor, forum: UUID | str, user_id: UUID, new: NewForumBan
) -> LogEntry:
    """Keep somebody from taking part; again: the new reason and end hold. Moderators are dismissed before.

    What of theirs is to go with it goes by a job, and comes back when the ban is taken back by its act in the log.
    Raises `ForumNotFound`, `NotModerator`, `OutrankedInForum`, `UserNotFound`, `Invalid`.
    """
    _check(actor, user_id, new)
    async with db.transaction() as tx:
        access = await hold_forum(tx, actor, forum)
        access.demand_moderator()
        if user_id not in await accounts.get_people(tx, [user_id]):
            raise UserNotFound
        if await tx.value(_MODERATES, access.forum_id, user_id):
            raise OutrankedInForum("moderators are dismissed before they are banned")
        before = await _read(tx, access, user_id)
        row = BanRow(actor.id, new.reason, new.expires_at, clock.now())
        await _write(tx, access, user_id, row)
        act_id = new_id()
        await record(
            tx,
            access.forum_id,
            actor.id,
            "user_banned",
            user_id,
            before={"ban": before and before.facts()},
            after={
                "ban": row.facts(),
                "content_removed": new.remove_content or None,
                "votes_revoked": new.revoke_votes or None,
            },
            reason=new.reason,
            id=act_id,
        )
        if new.remove_content or new.revoke_votes:
            await sweep_banned.enqueue(
                tx,
                forum_id=access.forum_id,
                user_id=user_id,
                act_id=act_id,
                by=actor.id,
                content=new.remove_content,
                votes=new.revoke_votes,
            )
        return await show_entry(tx, act_id)


async def unban_user(
    db: Repo, actor: Actor, forum: UUID | str, user_id: UUID, *, reason: str | None = None
) -> LogEntry:
    """Let them take part again. What went with the ban stays away: to bring it back, take the ban back by its act.

    Raises `ForumNotFound`, `NotModerator`, `ForumBanNotFound`.
    """
    async with db.transaction() as tx:
        access = await hold_forum(tx, actor, forum)
        access.demand_moderator()
        before = await _read(tx, access, user_id)
        if before is None:
            raise ForumBanNotFound
        await _write(tx, access, user_id, None)
        id = await record(
            tx,
            access.forum_id,
            actor.id,
            "user_unbanned",
            user_id,
            before={"ban": before.facts()},
            after={"ban": None},
            reason=reason,
        )
        return await show_entry(tx, id)


async def list_forum_bans(
    db: Repo,
    actor: Actor,
    forum: UUID | str,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[ForumBan]:
    """Who may take no part now, by name; for moderators. Raises `ForumNotFound`, `NotModerator`, `Invalid`."""
    access = await get_forum(db, actor, forum)
    access.demand_moderator()
    name = decode_cursor(after, str, "after") if after else ""
    rows = await db.all(_Listed, _LIST, access.forum_id, name, clock.now(), limit + 1)
    return forward_page([row.ban() for row in rows], limit, lambda ban: ban.user.username)


async def revert_ban(tx: Transaction, access: Access, entry: Entry, reason: str | None) -> UUID:
    """Take back a ban or its end, with what had gone with it. Raises `CannotUndoAct`."""
    user_id: Any = entry.target_id
    now = await _read(tx, access, user_id)
    change = entry.changes["ban"]
    if (now and now.facts()) != change["after"]:
        raise CannotUndoAct("it has been changed again since")
    before = change["before"] and msgspec.convert(change["before"], BanRow)
    if before is not None and await tx.value(_MODERATES, access.forum_id, user_id):
        raise OutrankedInForum("moderators are dismissed before they are banned")
    await _write(tx, access, user_id, before)
    if "content_removed" in entry.changes or "votes_revoked" in entry.changes:
        await restore_banned.enqueue(
            tx,
            forum_id=access.forum_id,
            user_id=user_id,
            act_id=entry.id,
            content="content_removed" in entry.changes,
            votes="votes_revoked" in entry.changes,
        )
    return await record(
        tx,
        access.forum_id,
        access.user_id,
        f"{entry.action}_undone",
        user_id,
        before={"ban": now and now.facts()},
        after={"ban": change["before"]},
        reason=reason,
        undoes_id=entry.id,
    )


def _check(actor: Actor, user_id: UUID, new: NewForumBan) -> None:
    if user_id == actor.id:
        raise Invalid.field("user_id", "is yourself")
    demand_end("expires_at", new.expires_at)


async def _read(tx: Transaction, access: Access, user_id: UUID) -> BanRow | None:
    """A ban that has run out is none."""
    return await tx.first(BanRow, _READ, access.forum_id, user_id, clock.now())


async def _write(tx: Transaction, access: Access, user_id: UUID, row: BanRow | None) -> None:
    if row is None:
        await tx.value(_DELETE, access.forum_id, user_id)
        return
    await tx.value(_WRITE, access.forum_id, user_id, *msgspec.structs.astuple(row))
    if access.visibility == "private":
        tx.publish(AccessLost(access.forum_id, user_id))


class _Listed(msgspec.Struct, frozen=True):
    id: UUID
    number: int
    username: str
    display_name: str | None
    avatar_url: str | None
    row: dict[str, Any]

    def ban(self) -> ForumBan:
        user = Person(self.id, self.number, self.username, self.display_name, self.avatar_url)
        row = msgspec.convert(self.row, BanRow)
        return ForumBan(user, *msgspec.structs.astuple(row))


_MODERATES = "SELECT true FROM forum_moderators WHERE forum_id = $1 AND user_id = $2"
_LIVE = "(expires_at IS NULL OR expires_at > $3)"
_READ = f"SELECT {columns(BanRow)} FROM forum_bans WHERE forum_id = $1 AND user_id = $2 AND {_LIVE}"
_WRITE = f"""
INSERT INTO forum_bans (forum_id, user_id, {columns(BanRow)}) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (forum_id, user_id) DO UPDATE SET banned_by = excluded.banned_by, reason = excluded.reason,
    expires_at = excluded.expires_at, inserted_at = excluded.inserted_at
"""
_DELETE = "DELETE FROM forum_bans WHERE forum_id = $1 AND user_id = $2"
_LIST = f"""
SELECT u.id, u.user_id, u.username, u.display_name, u.avatar_url, jsonb_build_object('banned_by', b.banned_by,
    'reason', b.reason, 'expires_at', b.expires_at, 'inserted_at', b.inserted_at)
FROM forum_bans b JOIN users u ON u.id = b.user_id
WHERE b.forum_id = $1 AND u.username > $2 AND {_LIVE} ORDER BY u.username LIMIT $4
"""
