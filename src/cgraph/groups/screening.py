"""The rules of a group, and newcomers who have not accepted them: until then they only look."""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.validation import NO_NUL, Input

from . import audit
from .events import GroupUpdated, RightsChanged, tell
from .group import Group
from .member import Member
from .member_events import tell_updated
from .members import find_member
from .names import tidy
from .overview import get_facts, get_group
from .permissions import Permission
from .standing import hold_group

RULES = 16
RULE_LENGTH = 300

Rule = Annotated[str, msgspec.Meta(min_length=1, max_length=RULE_LENGTH, pattern=NO_NUL)]


class Rules(Input, frozen=True):
    """What newcomers accept before they may do more than look, in order; none: nothing is asked of anybody."""

    rules: Annotated[list[Rule], msgspec.Meta(max_length=RULES)]

    def __post_init__(self) -> None:
        tidied = [
            tidy(rule, f"rules[{n}]", longest=RULE_LENGTH) for n, rule in enumerate(self.rules)
        ]
        msgspec.structs.force_setattr(self, "rules", tidied)


async def set_rules(
    db: Repo, actor: Actor, group_id: UUID, new: Rules, *, reason: str | None = None
) -> Group:
    """Say what newcomers accept from now on; who is in stays as they are. Without rules nobody is pending any more, which
    `group_updated` tells all.

    Raises `GroupNotFound`, `MissingPermission`.
    """
    async with db.transaction() as tx:
        (await hold_group(tx, actor, group_id)).demand(Permission.MANAGE_GROUP)
        before = await get_facts(tx, group_id)
        if list(before.rules) != new.rules:
            await tx.value(_SET, group_id, new.rules)
            await audit.record(
                tx, group_id, actor.id, "rules_updated", group_id,
                before={"rules": list(before.rules)}, after={"rules": new.rules}, reason=reason,
            )  # fmt: skip
            await tell(tx, GroupUpdated, group_id, await get_facts(tx, group_id))
            if not new.rules:
                await tx.value(_LET_IN, group_id)
                tx.publish(RightsChanged(group_id))
        return await get_group(tx, actor, group_id)


async def accept_rules(db: Repo, actor: Actor, group_id: UUID) -> Member:
    """Agree to the rules: from now on one may what other members may; again: nothing happens. Raises `GroupNotFound`."""
    async with db.transaction() as tx:
        await hold_group(tx, actor, group_id)
        if not await tx.value(_ACCEPT, group_id, actor.id):
            return await find_member(tx, group_id, actor.id)
        tx.publish(RightsChanged(group_id, [actor.id]))
        return await tell_updated(tx, group_id, actor.id)


_SET = "UPDATE groups SET rules = $2, updated_at = now() WHERE id = $1"
_LET_IN = "UPDATE group_members SET pending = false WHERE group_id = $1 AND pending"
_ACCEPT = """
UPDATE group_members SET pending = false WHERE group_id = $1 AND user_id = $2 AND pending RETURNING true
"""
