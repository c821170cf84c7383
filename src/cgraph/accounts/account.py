"""One's own account: looked at, changed, and put to sleep."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input, Text
from cgraph_kit.webaddress import is_https

from . import texts
from . import username as names
from .auth import Auth
from .errors import InvalidToken, WrongPassword
from .events import ProfileUpdated, record
from .limits import DEFAULT_LIMITS, Limits
from .login import Guess
from .origin import Origin
from .passwords import confirm_password
from .registration import TAKEN
from .sessions import end_sessions
from .user import USER, Actor, Status, User, lock_user
from .usernames import change_username

URL_LENGTH = 2048


class UpdateAccount(Input, frozen=True):
    """What is to change; what is left out stays. Null takes a value away."""

    username: Text | UnsetType = UNSET
    """As in registering. Twice in 14 days."""
    display_name: Text | UnsetType | None = UNSET
    """1 to 32 characters."""
    avatar_url: Text | UnsetType | None = UNSET
    """An https address. Pictures of one's own are uploaded: see `PUT /api/v1/me/avatar`."""
    status: Status | UnsetType = UNSET
    status_text: Text | UnsetType | None = UNSET
    """1 to 100 characters."""
    status_expires_at: Annotated[
        datetime | UnsetType | None, msgspec.Meta(examples=["2099-12-31T12:00:00Z"])
    ] = UNSET
    """When the status text lapses. Without one, a new text stays."""
    read_receipts: bool | UnsetType = UNSET
    """Whether others are told what one has read."""

    def __post_init__(self) -> None:
        if isinstance(self.username, str):
            self._tidy("username", names.normalize(self.username))
        for field in ("display_name", "status_text", "avatar_url"):
            value = getattr(self, field)
            if isinstance(value, str):
                self._tidy(field, texts.normalize(value))
        fields = {field: reasons for field, reasons in self._problems().items() if reasons}
        if fields:
            raise Invalid(fields=fields)

    def _tidy(self, field: str, value: str | None) -> None:
        msgspec.structs.force_setattr(self, field, value)

    def _problems(self) -> dict[str, list[str]]:
        found = {}
        if isinstance(self.username, str):
            found["username"] = names.problems(self.username)
        if isinstance(self.display_name, str):
            found["display_name"] = texts.problems(self.display_name, texts.DISPLAY_NAME_LENGTH)
        if isinstance(self.status_text, str):
            found["status_text"] = texts.problems(self.status_text, texts.STATUS_TEXT_LENGTH)
        if isinstance(self.avatar_url, str) and not is_https(self.avatar_url, longest=URL_LENGTH):
            found["avatar_url"] = [f"must be an https address of at most {URL_LENGTH} characters"]
        if isinstance(self.status_expires_at, datetime):
            found["status_expires_at"] = _expiry_problems(self.status_expires_at)
        return found

    def given(self) -> dict[str, Any]:
        """The fields that are to change."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not UNSET}


class Deactivate(Input, frozen=True):
    """The password, once more."""

    password: Guess

    def __repr__(self) -> str:
        return "Deactivate(…)"


async def get_account(db: Repo, actor: Actor) -> User:
    """The actor's own account. Raises `InvalidToken` if it was deleted meanwhile."""
    user = await db.first(User, f"SELECT {USER} FROM users u WHERE u.id = $1", actor.id)
    if user is None:
        raise InvalidToken
    return user


async def update_account(
    db: Repo, actor: Actor, changes: UpdateAccount, *, limits: Limits = DEFAULT_LIMITS
) -> User:
    """Change one's profile, name, status or settings; a change to what already is tells nobody.

    Raises `Invalid` for a name that is taken, `UsernameChangedTooOften`.
    """
    async with db.transaction() as tx, tx.savepoint():
        before = await lock_user(tx, actor.id)
        after = _applied(before, changes)
        if after == before:
            return before
        if after.username != before.username and not await change_username(
            tx, before.id, before.username, after.username, limits
        ):
            raise Invalid.field("username", TAKEN)
        user = await _write(tx, after)
        await record(tx, ProfileUpdated, user.id, user)
        return user


async def hold_account(tx: Transaction, actor: Actor) -> None:
    """Nobody else changes the actor's account before this transaction ends."""
    await lock_user(tx, actor.id)


async def set_avatar(tx: Transaction, actor: Actor, address: str | None) -> User:
    """Have somebody shown by the picture at this address, as those above keep pictures. To what it is: nobody is told."""
    before = await lock_user(tx, actor.id)
    if before.avatar_url == address:
        return before
    user = await _write(tx, msgspec.structs.replace(before, avatar_url=address))
    await record(tx, ProfileUpdated, user.id, user)
    return user


async def deactivate_account(
    db: Repo, auth: Auth, actor: Actor, confirmation: Deactivate, origin: Origin
) -> None:
    """Put one's account to sleep: nobody can contact it, every session ends; logging in wakes it.

    Raises `WrongPassword`, `TooManyAttempts`, `Unavailable`.
    """
    given = (confirmation.password,)
    _, known = await confirm_password(db, auth, actor, given, field="password", origin=origin)
    async with db.transaction() as tx:
        user = await tx.first(User, _DEACTIVATE, actor.id, clock.now(), known)
        if user is None:
            raise WrongPassword(fields={"password": ["is not correct"]})
        await record(tx, ProfileUpdated, user.id, user)
        await end_sessions(tx, actor.id, "deactivated")


def _applied(user: User, changes: UpdateAccount) -> User:
    given = changes.given()
    if "status_text" in given and "status_expires_at" not in given:
        given["status_expires_at"] = None
    changed = msgspec.structs.replace(user, **given)
    if changed.status_text is None and changed.status_expires_at is not None:
        changed = msgspec.structs.replace(changed, status_expires_at=None)
    return changed


async def _write(tx: Transaction, user: User) -> User:
    return await tx.one(
        User,
        _UPDATE,
        user.id,
        user.username,
        user.display_name,
        user.avatar_url,
        user.status,
        user.status_text,
        user.status_expires_at,
        user.read_receipts,
    )


def _expiry_problems(at: datetime) -> list[str]:
    if at.tzinfo is None:
        return ["must have a time zone"]
    try:
        at.astimezone(UTC)
    except OverflowError:  # the driver would say the same, but as a bug of ours
        return ["must be within the years 1 to 9999"]
    return [] if at > clock.now() else ["must be in the future"]


_UPDATE = f"""
UPDATE users u SET username = $2, display_name = $3, avatar_url = $4, status = $5, status_text = $6,
    status_expires_at = $7, read_receipts = $8, updated_at = now()
WHERE u.id = $1 RETURNING {USER}
"""
_DEACTIVATE = f"""
UPDATE users u SET state = 'deactivated', deactivated_at = $2, deactivated_by = u.id, updated_at = now()
WHERE u.id = $1 AND u.password_hash = $3 RETURNING {USER}
"""
