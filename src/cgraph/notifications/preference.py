"""A preference: what a person has set for one place, or for everything."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input

from .scopes import Level, Scope, ScopeKind

PushPrivacy = Literal["full", "sender", "nothing"]
"""What a push says on a locked screen: the text, only who wrote, or only that there is something."""

DEFAULT_PRIVACY: PushPrivacy = "sender"
DEFAULT_BATCH_MINUTES = 2
Minutes = Annotated[int, msgspec.Meta(ge=1, le=7 * 24 * 60)]
Instant = Annotated[datetime, msgspec.Meta(tz=True, examples=["2099-12-31T12:00:00Z"])]
FOR_GOOD = 9999
"""The year from which on "until" is "for good"."""


class Preference(msgspec.Struct, frozen=True):
    """What is set at one scope; null: as the next wider scope has it. Also the payload of its event."""

    scope: ScopeKind
    scope_id: UUID
    """Of `global`, one's own id."""
    level: Level | None = None
    in_app: bool | None = None
    """The inbox."""
    push: bool | None = None
    email: bool | None = None
    muted: bool | None = None
    """False: not muted, even where a wider scope is."""
    muted_until: datetime | None = None
    """With `muted`, null: for good."""
    ignore_everyone: bool | None = None
    """Calls to everyone there count as nothing."""


class GlobalPreference(Preference, frozen=True):
    """What holds wherever nothing nearer is set, and what there is only one of."""

    push_privacy: PushPrivacy = DEFAULT_PRIVACY
    """What a push shows: the text (`full`), only who wrote (`sender`), or neither (`nothing`)."""
    email_batch_minutes: int = DEFAULT_BATCH_MINUTES
    """How long mail waits for more to come before it goes."""


class PreferenceChange(Input, frozen=True):
    """What to set; null: as the next wider scope has it."""

    level: Level | UnsetType | None = UNSET
    in_app: bool | UnsetType | None = UNSET
    push: bool | UnsetType | None = UNSET
    email: bool | UnsetType | None = UNSET
    muted: bool | UnsetType | None = UNSET
    """False: not muted, even where a wider scope is."""
    muted_until: Instant | UnsetType | None = UNSET
    """With `muted` true, or alone: until then. Null: for good."""
    ignore_everyone: bool | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        if not isinstance(self.muted_until, datetime):
            return
        if self.muted is False:
            raise Invalid.field("muted_until", "cannot be set when not muted")
        try:
            until = self.muted_until.astimezone(UTC)
        except OverflowError:  # the driver would say the same, but as a bug of ours
            raise Invalid.field("muted_until", "must be within the years 1 to 9999") from None
        msgspec.structs.force_setattr(self, "muted_until", until)

    def whole(self) -> Self:
        """The same for who puts a preference in the place of what was: what is left out is taken back."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return type(self)(**{k: None if v is UNSET else v for k, v in values.items()})

    def applied(self, before: Preference, now: datetime) -> Preference:
        """What holds after it. A mute that is over already is none."""
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        values: dict[str, Any] = {k: v for k, v in given.items() if v is not UNSET}
        muted, until = self._mute(before, now)
        return msgspec.structs.replace(before, **values | {"muted": muted, "muted_until": until})

    def _mute(self, before: Preference, now: datetime) -> tuple[bool | None, datetime | None]:
        if isinstance(self.muted_until, datetime):
            if self.muted_until <= now:
                return None, None
            return True, None if self.muted_until.year >= FOR_GOOD else self.muted_until
        if isinstance(self.muted, UnsetType):
            if isinstance(self.muted_until, UnsetType):
                return before.muted, before.muted_until
            return True, None
        return self.muted, None


class GlobalPreferenceChange(PreferenceChange, frozen=True):
    """What to set; null: as it is by itself."""

    push_privacy: PushPrivacy | UnsetType | None = UNSET
    email_batch_minutes: Minutes | UnsetType | None = UNSET
    """How long mail waits for more to come before it goes: 1 minute to a week."""

    def applied(self, before: Preference, now: datetime) -> Preference:
        """The same, with the defaults of what there is only one of."""
        after = super().applied(before, now)
        defaults = {"push_privacy": DEFAULT_PRIVACY, "email_batch_minutes": DEFAULT_BATCH_MINUTES}
        nulls = {name: value for name, value in defaults.items() if getattr(after, name) is None}
        return msgspec.structs.replace(after, **nulls)


def nothing_set(user_id: UUID, scope: Scope) -> Preference:
    """A preference before anybody sets it."""
    kind = GlobalPreference if scope.id == user_id else Preference
    return kind(scope.kind, scope.id)
