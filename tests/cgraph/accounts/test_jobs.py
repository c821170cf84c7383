import re
from dataclasses import dataclass
from typing import Any

import pytest

from cgraph import accounts
from cgraph.accounts import (
    Auth,
    ChangePassword,
    InvalidResetToken,
    Keys,
    Login,
    RequestReset,
    ResetPassword,
    mail_password_changed,
    mail_password_reset,
)
from cgraph.mail import Post
from cgraph_kit.db import Transaction
from cgraph_kit.jobs.testing import assert_enqueued, drain, list_enqueued
from cgraph_kit.mailer import Mail, MailError
from support.post import Postbox, post_of

from .conftest import HOME, PASSWORD, actor_of

TOKEN = re.compile(r"^ +([A-Za-z0-9_-]{43})$", re.MULTILINE)
NEW = "staple paper clip 7"


@dataclass
class Node:
    """The part of an application that these jobs need."""

    db: Transaction
    auth: Auth
    post: Post
    postbox: Postbox

    async def work(self, **options: Any) -> list[Mail]:
        """Do what is to be done; all mails so far."""
        await drain(self.db, self, [mail_password_reset, mail_password_changed], **options)
        return self.postbox.mails


@pytest.fixture
async def node(db: Transaction, auth: Auth) -> Node:
    await db.value("DELETE FROM jobs")  # what other tests have committed
    postbox = Postbox()
    return Node(db, auth, post_of(postbox), postbox)


async def forget(node: Node, email: str) -> None:
    await accounts.request_password_reset(node.db, node.auth, RequestReset(email), HOME)


def token_in(mail: Mail) -> str:
    found = TOKEN.search(mail.text)
    assert found is not None
    return found[1]


class TestMailPasswordReset:
    async def test_mails_a_token_that_works_once(self, node: Node, register) -> None:
        await register(node.db, "ann", email="Ann@example.org")
        await forget(node, "ann@EXAMPLE.org")
        (mail,) = await node.work()
        assert mail.to == "Ann@example.org"
        token = token_in(mail)
        assert f"https://chat.example.org/reset/{token}" in mail.text
        assert mail.html is not None
        assert f'href="https://chat.example.org/reset/{token}"' in mail.html
        assert "60 minutes" in mail.text
        await accounts.reset_password(node.db, node.auth, ResetPassword(token, NEW))
        assert await accounts.log_in(node.db, node.auth, Login(login="ann", password=NEW), HOME)
        with pytest.raises(InvalidResetToken):
            await accounts.reset_password(node.db, node.auth, ResetPassword(token, "another one"))

    async def test_strangers_get_none(self, node: Node, register) -> None:
        await register(node.db, "ann")
        await forget(node, "no@example.org")
        assert await node.work() == []

    async def test_leaves_no_token_in_any_table(self, node: Node, register) -> None:
        await register(node.db, "ann")
        await forget(node, "ann@example.org")
        node.postbox.failures = [MailError("busy")]
        await node.work()
        (mail,) = await node.work(scheduled=True)
        kept = await list_enqueued(node.db, mail_password_reset, states=("completed",))
        assert len(kept) == 1
        assert kept[0].errors
        for secret in (token_in(mail), "ann@example.org"):
            assert secret not in str(kept)

    async def test_tries_again_while_there_is_hope(self, node: Node, register) -> None:
        await register(node.db, "ann")
        await forget(node, "ann@example.org")
        node.postbox.failures = [MailError("busy"), MailError("busy")]
        (mail,) = await node.work(scheduled=True)
        await accounts.reset_password(node.db, node.auth, ResetPassword(token_in(mail), NEW))

    async def test_gives_up_when_told_so(self, node: Node, register) -> None:
        await register(node.db, "ann")
        await forget(node, "ann@example.org")
        refusal = "the recipient was refused: 550 5.1.1"
        node.postbox.failures = [MailError(refusal, permanent=True)]
        assert await node.work(scheduled=True) == []
        (given_up,) = await list_enqueued(node.db, mail_password_reset, states=("cancelled",))
        assert given_up.failures[-1].error == refusal

    async def test_does_not_guess_at_what_it_cannot_read(self, node: Node, register) -> None:
        await register(node.db, "ann")
        await forget(node, "ann@example.org")
        node.auth.keys = Keys("2", {"2": "another secret of 32 characters!"})
        assert await node.work() == []
        assert await list_enqueued(node.db, mail_password_reset, states=("cancelled",))

    async def test_reads_what_was_sealed_before_the_secret_was_replaced(
        self, node: Node, register
    ) -> None:
        await register(node.db, "ann")
        await forget(node, "ann@example.org")
        old = {"1": "0123456789abcdef0123456789abcdef"}
        node.auth.keys = Keys("2", old | {"2": "another secret of 32 characters!"})
        assert len(await node.work()) == 1


class TestMailPasswordChanged:
    async def test_tells_the_owner_how_and_when(self, node: Node, register, held) -> None:
        ann = await register(node.db, "ann")
        change = ChangePassword(PASSWORD, NEW)
        await accounts.change_password(node.db, node.auth, actor_of(ann), change, HOME)
        held.advance(hours=1)
        (mail,) = await node.work()
        assert mail.to == "ann@example.org"
        assert "ann was changed on" in mail.text
        assert "Your other devices" in mail.text
        assert "https://chat.example.org/reset\n" in mail.text

    async def test_has_one_name_however_often_it_is_sent(self, node: Node, register) -> None:
        ann = await register(node.db, "ann")
        change = ChangePassword(PASSWORD, NEW)
        await accounts.change_password(node.db, node.auth, actor_of(ann), change, HOME)
        waiting = await assert_enqueued(node.db, mail_password_changed)
        await mail_password_changed.enqueue(node.db, **waiting.args)
        first, second = await node.work()
        assert first.id == second.id is not None

    async def test_who_has_no_address_hears_nothing(self, node: Node, register) -> None:
        ann = await register(node.db, "ann")
        await node.db.value("UPDATE users SET email = NULL WHERE id = $1", ann.user.id)
        change = ChangePassword(PASSWORD, NEW)
        await accounts.change_password(node.db, node.auth, actor_of(ann), change, HOME)
        assert await node.work() == []
