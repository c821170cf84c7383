import re
from pathlib import Path

import pytest

from cgraph import accounts
from cgraph.accounts import (
    InvalidResetToken,
    Login,
    PasswordChanged,
    PasswordResetRequested,
    ResetPassword,
    mail_listener,
)
from cgraph.settings import Settings
from cgraph_kit.db import Transaction
from cgraph_kit.mailer import Mail, Outbox

from .conftest import HOME

TOKEN = re.compile(r"^ +([A-Za-z0-9_-]{43})$", re.MULTILINE)


class Postbox:
    """Where mail ends up."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        self.mails.append(mail)


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


async def tell(db: Transaction, postbox: Postbox, event: object) -> None:
    """The event, and whatever mail it calls for."""
    outbox = Outbox(postbox)
    settings = Settings(env="test", public_url="https://chat.example.org/", data_dir=Path("/x"))
    mail_listener(db, outbox, settings)([event, "something else"])
    assert await outbox.drain(5)


class TestReset:
    async def test_mails_a_token_that_works(
        self, db: Transaction, auth, register, postbox: Postbox
    ) -> None:
        await register(db, "ann", email="Ann@example.org")
        await tell(db, postbox, PasswordResetRequested("ann@example.org"))
        (mail,) = postbox.mails
        assert mail.to == "Ann@example.org"
        token = TOKEN.search(mail.text)
        assert token is not None
        assert f"https://chat.example.org/reset-password#token={token[1]}" in mail.text
        assert "60 minutes" in mail.text
        await accounts.reset_password(db, auth, ResetPassword(token[1], "staple paper clip 7"))
        login = Login(login="ann", password="staple paper clip 7")
        assert await accounts.log_in(db, auth, login, HOME)
        with pytest.raises(InvalidResetToken):
            await accounts.reset_password(db, auth, ResetPassword(token[1], "again and again"))

    async def test_strangers_get_none(self, db: Transaction, register, postbox: Postbox) -> None:
        await register(db, "ann")
        await tell(db, postbox, PasswordResetRequested("no@example.org"))
        assert postbox.mails == []


class TestChanged:
    async def test_tells_the_owner(self, db: Transaction, register, postbox: Postbox) -> None:
        ann = await register(db, "ann")
        await tell(db, postbox, PasswordChanged(ann.user.id, "reset"))
        (mail,) = postbox.mails
        assert mail.to == "ann@example.org"
        assert "changed" in mail.subject

    async def test_not_who_has_no_address(
        self, db: Transaction, register, postbox: Postbox
    ) -> None:
        ann = await register(db, "ann")
        await db.value("UPDATE users SET email = NULL WHERE id = $1", ann.user.id)
        await tell(db, postbox, PasswordChanged(ann.user.id, "changed"))
        assert postbox.mails == []
