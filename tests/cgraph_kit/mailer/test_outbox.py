import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cgraph_kit.errors import Unavailable
from cgraph_kit.mailer import Mail, MailError, Outbox

MAIL = Mail("ann@example.org", "Hello", "bye")


class Flaky:
    """A mail server that fails as it is told, then works."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.sent: list[Mail] = []
        self.open = asyncio.Event()
        self.open.set()
        self.busy = 0
        self.most_busy = 0

    async def send(self, mail: Mail) -> None:
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        await self.open.wait()
        self.busy -= 1
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(mail)


def letter(mail: Mail | None = MAIL) -> Callable[[], Awaitable[Mail | None]]:
    async def make() -> Mail | None:
        return mail

    return make


class TestPost:
    async def test_sends_without_making_anybody_wait(self) -> None:
        mailer = Flaky()
        outbox = Outbox(mailer)
        assert outbox.post(letter())
        assert mailer.sent == []
        assert await outbox.drain(5)
        assert mailer.sent == [MAIL]

    async def test_tries_again_while_there_is_hope(self) -> None:
        mailer = Flaky(MailError("busy"), MailError("busy"))
        outbox = Outbox(mailer, retries=(0, 0))
        outbox.post(letter())
        assert await outbox.drain(5)
        assert mailer.sent == [MAIL]

    @pytest.mark.parametrize(
        "failures",
        [
            (MailError("no such user", permanent=True),),
            (MailError("busy"), MailError("busy"), MailError("busy")),
            (ZeroDivisionError(),),
        ],
    )
    async def test_gives_up_with_a_log_line(
        self, failures: tuple[Exception, ...], caplog: pytest.LogCaptureFixture
    ) -> None:
        mailer = Flaky(*failures)
        outbox = Outbox(mailer, retries=(0, 0))
        outbox.post(letter())
        assert await outbox.drain(5)
        assert mailer.sent == []
        assert mailer.failures == []
        assert "ERROR" in caplog.text
        assert "ann@example.org" not in caplog.text

    async def test_makes_the_mail_once(self) -> None:
        made = 0

        async def make() -> Mail:
            nonlocal made
            made += 1
            if made == 1:
                raise Unavailable
            return MAIL

        mailer = Flaky(MailError("busy"))
        outbox = Outbox(mailer, retries=(0, 0))
        outbox.post(make)
        assert await outbox.drain(5)
        assert made == 2
        assert mailer.sent == [MAIL]

    async def test_a_letter_may_turn_out_to_be_none(self) -> None:
        mailer = Flaky()
        outbox = Outbox(mailer)
        outbox.post(letter(None))
        assert await outbox.drain(5)
        assert mailer.sent == []

    async def test_is_bounded(self, caplog: pytest.LogCaptureFixture) -> None:
        mailer = Flaky()
        mailer.open.clear()
        outbox = Outbox(mailer, most=3, parallel=2)
        assert [outbox.post(letter()) for _ in range(4)] == [True, True, True, False]
        await asyncio.sleep(0)
        mailer.open.set()
        assert await outbox.drain(5)
        assert len(mailer.sent) == 3
        assert mailer.most_busy <= 2
        assert "dropped" in caplog.text


class TestClose:
    async def test_does_not_wait_for_ever(self) -> None:
        mailer = Flaky()
        mailer.open.clear()
        outbox = Outbox(mailer)
        outbox.post(letter())
        await outbox.close(0.01)
        assert await outbox.drain(0)
        assert mailer.sent == []
