"""The mails accounts' events call for."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from cgraph.settings import Settings
from cgraph_kit.db import Repo
from cgraph_kit.mailer import Mail, Outbox

from .events import PasswordChanged, PasswordResetRequested
from .limits import Limits, limits_of
from .passwords import make_reset_token
from .user import find_user


def mail_listener(db: Repo, outbox: Outbox, settings: Settings) -> Callable[[Sequence[Any]], None]:
    """Told what happens in this process (on one node only, or people get two mails), it mails what must be mailed."""
    letters = Letters(db, outbox, base_url=settings.base_url, limits=limits_of(settings))

    def listen(events: Sequence[Any]) -> None:
        for event in events:
            letters.write(event)

    return listen


class Letters:
    """Writes the mail an event calls for, behind people's backs."""

    def __init__(self, db: Repo, outbox: Outbox, *, base_url: str, limits: Limits) -> None:
        self._db = db
        self._outbox = outbox
        self._base_url = base_url
        self._limits = limits

    def write(self, event: object) -> None:
        """Most events call for none."""
        if isinstance(event, PasswordResetRequested):
            email = event.email
            self._outbox.post(lambda: self._reset(email))
        elif isinstance(event, PasswordChanged):
            user_id = event.user_id
            self._outbox.post(lambda: self._changed(user_id))

    async def _reset(self, email: str) -> Mail | None:
        made = await make_reset_token(self._db, email, limits=self._limits)
        if made is None:
            return None
        token, address = made
        minutes = self._limits.password_reset_minutes
        return Mail(
            address,
            "Reset your password",
            f"Somebody, hopefully you, asked to reset the password of your account.\n\n"
            f"To set a new one, open\n\n    {self._base_url}/reset-password#token={token}\n\n"
            f"or use this token:\n\n    {token}\n\n"
            f"It works once, for {minutes} minutes. If it was not you, ignore this mail: nothing has changed.\n",
        )

    async def _changed(self, user_id: UUID) -> Mail | None:
        user = await find_user(self._db, user_id)
        if user is None or user.email is None:
            return None
        return Mail(
            user.email,
            "Your password was changed",
            f"The password of your account {user.username} was changed just now, and your other devices were "
            "logged out.\n\nIf it was not you, reset your password at once:\n\n"
            f"    {self._base_url}/reset-password\n",
        )
