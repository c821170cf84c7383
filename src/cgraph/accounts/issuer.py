"""Hands out tokens."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from cgraph_kit import clock

from .access import AccessTokens, Keys
from .limits import Limits
from .pair import Pair, new_pair
from .tokens import Tokens, new_refresh_token, token_hash


class Issuer(msgspec.Struct, frozen=True):
    """What it takes to hand out tokens."""

    keys: Keys
    access: AccessTokens
    limits: Limits

    def issue(self, user_id: UUID, session_id: UUID, parent_id: UUID | None) -> tuple[Pair, Tokens]:
        """A new pair, to be written, and its tokens, to be handed over."""
        now = clock.now()
        refresh = new_refresh_token(self.keys, session_id)
        pair = new_pair(session_id, parent_id, token_hash(refresh), now)
        access = self.access.issue(user_id, session_id, pair.id, now)
        return pair, Tokens(access, refresh, self.access.seconds)

    def session_end(self, now: datetime) -> datetime:
        """When a session used now ends if it is not used again."""
        return now + timedelta(days=self.limits.refresh_token_days)
