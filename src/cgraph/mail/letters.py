"""What is written to people: each letter with its subject, and the values its templates show."""

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from .inert import Link, inert, shortened

SUBJECT_LENGTH = 120
"""Characters."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter to one person."""

    template: ClassVar[str]
    title: ClassVar[str]
    """The subject, unless it depends on what the letter says."""
    to: str
    """A bare address."""

    @property
    def subject(self) -> str:
        """One line."""
        return self.title

    @property
    def thread(self) -> str | None:
        """What it is about, where programs are to show it with others of the kind."""
        return None

    @property
    def unsubscribe(self) -> Link | None:
        """What ends letters like this one, where they can be ended."""
        return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class PasswordReset(Letter, frozen=True, kw_only=True):
    """Carries a token that sets a new password."""

    template = "password_reset"
    title = "Reset your password"
    username: str
    link: Link
    token: Link
    """For programs that ask for it; ours, so it is shown as it is."""
    minutes: int


class PasswordChanged(Letter, frozen=True, kw_only=True):
    """Says that an account has a new password, to who may not have done it."""

    template = "password_changed"
    title = "Your password was changed"
    username: str
    how: Literal["changed", "reset"]
    at: datetime
    link: Link
    """Where a password can be reset."""


class TestMail(Letter, frozen=True, kw_only=True):
    """Shows that mail arrives."""

    __test__ = False
    template = "test_mail"
    title = "Mail works"
    at: datetime


def one_line(text: str) -> str:
    """Somebody's words as part of a subject."""
    return shortened(inert(text), SUBJECT_LENGTH)
