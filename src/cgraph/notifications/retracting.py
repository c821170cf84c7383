"""Alerts that were read elsewhere are taken away, and the number on the app's icon with them."""

from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from cgraph_kit.push import Platform

from .delivery import list_targets
from .scopes import ScopeKind
from .sending import Push, enqueueable
from .words import collapse_word

PLATFORMS: frozenset[Platform] = frozenset({"fcm", "apns"})
"""Who puts up with pushes that show nothing. Browsers show something of their own then, or end the subscription."""
DELAY = 2.0
"""Seconds in which more that is read is gathered."""
MOST = 20
"""Words in one push."""


class _Alert(msgspec.Struct, frozen=True):
    scope: ScopeKind
    scope_id: UUID


async def retract(tx: Transaction, user_id: UUID) -> list[Push]:
    """The pushes that take away what a person has read meanwhile."""
    alerts = await tx.all(_Alert, _TAKE, user_id)
    words = [collapse_word(one.scope, one.scope_id) for one in alerts]
    targets = [one for one in await list_targets(tx, [user_id]) if one.platform in PLATFORMS]
    now = clock.now()
    pushes = [
        Push(user_id, id, now, target.device_id, "retract", words=tuple(some))
        for start in range(0, len(words), MOST)
        for some, id in [(words[start : start + MOST], new_id())]
        for target in targets
    ]
    return await enqueueable(tx, pushes) if pushes else []


_TAKE = "DELETE FROM notification_alerts WHERE user_id = $1 AND read RETURNING scope, scope_id"
