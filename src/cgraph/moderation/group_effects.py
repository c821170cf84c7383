"""Measures against members of a group, by its own rules: who may not ban there cannot do it here either."""

from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import MemberChange, NewBan
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid

from .case import Effect, Row
from .errors import CannotUndo
from .measure import Doing, Measure, impossible


async def act(tx: Transaction, actor: Actor, doing: Doing, measure: Measure) -> Effect:
    """Raises as `groups.ban_member` and `groups.update_member`, `Invalid`."""
    group_id, user_id = _whom(doing.case)
    try:
        if measure == "ban":
            return await _ban(tx, actor, group_id, user_id, doing)
        if measure == "timeout":
            return await _time_out(tx, actor, group_id, user_id, doing)
    except groups.GroupNotFound:
        raise Invalid.field(
            "measures", f"has {measure}, which only members of the group can take"
        ) from None
    raise impossible(measure)


async def _ban(
    tx: Transaction, actor: Actor, group_id: UUID, user_id: UUID, doing: Doing
) -> Effect:
    before = await _find_ban(tx, actor, group_id, user_id)
    await groups.ban_member(tx, actor, group_id, user_id, NewBan(doing.note, doing.until))
    return Effect("ban", before=before and msgspec.to_builtins(before))


async def _find_ban(tx: Transaction, actor: Actor, group_id: UUID, user_id: UUID) -> NewBan | None:
    try:
        ban = await groups.get_ban(tx, actor, group_id, user_id)
    except groups.BanNotFound:
        return None
    return NewBan(ban.reason, ban.expires_at)


async def _time_out(
    tx: Transaction, actor: Actor, group_id: UUID, user_id: UUID, doing: Doing
) -> Effect:
    if doing.until is None:
        raise Invalid.field("until", "is required with a timeout")
    member = await groups.get_member(tx, actor, group_id, user_id)
    change = MemberChange(timed_out_until=doing.until)
    await groups.update_member(tx, actor, group_id, user_id, change, reason=doing.note)
    return Effect("timeout", before=member.timed_out_until)


async def revert(tx: Transaction, actor: Actor, case: Row, effect: Effect) -> None:
    """What was before holds again; who was shown out may come again by an invite. Raises `CannotUndo`."""
    group_id, user_id = _whom(case)
    try:
        if effect.kind == "timeout":
            until = effect.before and msgspec.convert(effect.before, datetime)
            change = MemberChange(timed_out_until=until)
            await groups.update_member(tx, actor, group_id, user_id, change)
        elif effect.kind == "ban" and effect.before:
            before = msgspec.convert(effect.before, NewBan)
            await groups.ban_member(tx, actor, group_id, user_id, before)
        elif effect.kind == "ban":
            await groups.unban_member(tx, actor, group_id, user_id)
    except (groups.GroupNotFound, groups.MemberNotFound, groups.BanNotFound):
        raise CannotUndo("it no longer is as the decision had made it") from None


def _whom(case: Row) -> tuple[UUID, UUID]:
    if case.place_id is None or case.author_id is None:
        raise LookupError("a case of a group without its group or author")
    return case.place_id, case.author_id
