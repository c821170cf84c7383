"""Mail from cause to mail server, through a node that does jobs."""

from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from cgraph import accounts, application
from cgraph.accounts import ChangePassword, Origin, RequestReset
from cgraph.application import App
from cgraph.settings import Settings
from cgraph_kit.jobs.testing import list_enqueued
from support.later import until
from support.people import PASSWORD, Person, register
from support.smtp import Inbox, mail_server


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    with mail_server(inbox) as port:
        yield port


@pytest.fixture
async def node(dsn: str, tmp_path: Path, port: int) -> AsyncIterator[App]:
    settings = Settings(
        env="test",
        database_url=dsn,
        data_dir=tmp_path,
        smtp_url=f"smtp://127.0.0.1:{port}",
        queues={"mail": 2},
        argon2_time_cost=1,
        argon2_memory_kib=8,
    )
    async with application.start(settings) as app:
        yield app


class TestNode:
    async def test_mails_a_reset(self, node: App, inbox: Inbox) -> None:
        ann = await register(node)
        address = f"{ann.actor.username}@example.com"
        request = RequestReset(address)
        await accounts.request_password_reset(node.db, node.auth, request, Origin("192.0.2.1"))
        (mail,) = await until(lambda: _mails(inbox, address))
        assert mail["Subject"] == "Reset your password"
        assert mail["List-Unsubscribe"] is None
        assert mail.get_content_type() == "multipart/alternative"

    async def test_nothing_is_mailed_of_what_did_not_happen(self, node: App, inbox: Inbox) -> None:
        ann, bob = await register(node), await register(node)
        change = ChangePassword(PASSWORD, "staple paper clip 7")
        with pytest.raises(ZeroDivisionError):
            async with node.db.transaction() as tx:
                await accounts.change_password(tx, node.auth, ann.actor, change, Origin("x"))
                raise ZeroDivisionError
        await accounts.change_password(node.db, node.auth, bob.actor, change, Origin("y"))
        assert await until(lambda: _mails(inbox, f"{bob.actor.username}@example.com"))
        assert await _mails(inbox, f"{ann.actor.username}@example.com") == []

    async def test_what_is_put_off_waits_in_the_table(self, node: App, inbox: Inbox) -> None:
        ann = await register(node)
        inbox.data_reply = "451 4.3.0 try later"
        change = ChangePassword(PASSWORD, "staple paper clip 7")
        await accounts.change_password(node.db, node.auth, ann.actor, change, Origin("z"))
        (error,) = await until(lambda: _put_off(node, ann))
        assert "451 4.3.0" in error
        assert ann.actor.username not in error


async def _mails(inbox: Inbox, address: str) -> list[EmailMessage]:
    return [mail for mail in inbox.mails if mail["To"] == address]


async def _put_off(node: App, person: Person) -> list[str]:
    job = accounts.mail_password_changed
    found = await list_enqueued(node.db, job, states=("retryable",), user_id=person.id)
    return [failure.error for one in found for failure in one.failures]
