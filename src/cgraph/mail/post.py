"""The post office of a node: it writes letters out and hands them to whoever carries mail."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph.settings import Settings
from cgraph_kit import telemetry, tracing
from cgraph_kit.jobs import Cancel
from cgraph_kit.mailer import FileMailer, Mail, Mailer, MailError, SmtpMailer, parse_sender

from .inert import Link
from .letters import Letter
from .notices import Place, WayOut
from .rendering import render
from .unsubscribing import GLOBAL, Unsubscription, Unsubscriptions

if TYPE_CHECKING:
    from cgraph.application import App

log = logging.getLogger(__name__)

_MAILS = telemetry.counter(
    "mails_total", "Mails, by letter and what became of them.", ("letter", "outcome")
)


class Collected(msgspec.Struct, frozen=True):
    """What there is to tell a person by mail, now."""

    to: str
    """A bare address."""
    places: Sequence[Place]
    name: str
    """The same for the same things to tell: letters, digits, `.`, `_`, `-`. Sent twice, it is one mail."""
    mailed: Callable[[], Awaitable[None]]
    """Called once it is sent, so that it is not told again."""
    failed: Callable[[], Awaitable[None]]
    """Called if it could not be sent, so that it is told by the next try."""


Collect = Callable[["App", UUID], Awaitable[Collected | None]]
"""Asked when the mail is about to be sent: what has been read meanwhile, or may no longer be seen, is left out."""


class Post:
    """Everything a letter needs besides its content. `collect`: who knows what to mail people about."""

    def __init__(
        self,
        mailer: Mailer,
        *,
        base_url: str,
        site: str,
        secret: str,
        collect: Collect | None = None,
    ) -> None:
        self.mailer = mailer
        self.base_url = base_url
        self.site = site
        """What the place is called, at the top of mails."""
        self.collect = collect
        self.unsubscriptions = Unsubscriptions(secret)

    @classmethod
    def from_settings(
        cls, settings: Settings, *, secret: str, collect: Collect | None = None
    ) -> "Post":
        """As the operator wants it: by SMTP, or into files. `secret`: for what comes back from mails."""
        site = parse_sender(settings.mail_from).display_name or settings.phx_host
        return cls(
            _mailer(settings),
            base_url=settings.base_url,
            site=site,
            secret=secret,
            collect=collect,
        )

    def link(self, path: str) -> Link:
        """An address of this site."""
        return Link(self.base_url + path)

    def ways_out(self, user_id: UUID, places: Sequence[Place]) -> list[WayOut]:
        """What ends mail like this: of the place if it is all of one, and all of it."""
        ways = [WayOut("Unsubscribe from all of it", self._unsubscribe(user_id, GLOBAL, user_id))]
        if len(places) == 1:
            (place,) = places
            link = self._unsubscribe(user_id, place.kind, place.id)
            ways.insert(0, WayOut(f"Unsubscribe from this {place.kind}", link))
        return ways

    async def deliver(self, letter: Letter, *, name: str | None = None) -> Cancel | None:
        """Send a letter, from a job: its result, where the letter was refused for good.

        `name` as `Mail.id`. Raises `MailError` where trying again makes sense.
        """
        text, html = render(letter.template, _values(letter) | {"site": self.site})
        mail = Mail(
            letter.to,
            letter.subject,
            text,
            html=html,
            id=name,
            thread=letter.thread,
            unsubscribe=letter.unsubscribe,
        )
        try:
            with tracing.step("mail") as span:
                span.set({"letter": letter.template})
                await self.mailer.send(mail)
        except MailError as error:
            _MAILS.labels(letter.template, "refused" if error.permanent else "put_off").inc()
            if not error.permanent:
                raise
            log.warning("a mail (%s) was refused for good: %s", letter.template, error)
            return Cancel(str(error))
        _MAILS.labels(letter.template, "sent").inc()
        return None

    async def close(self) -> None:
        await self.mailer.close()

    def _unsubscribe(self, user_id: UUID, kind: str, scope_id: UUID) -> Link:
        token = self.unsubscriptions.token(Unsubscription(user_id, kind, scope_id))
        return self.link(f"/unsubscribe/{token}")


def _values(letter: Letter) -> dict[str, object]:
    return {"subject": letter.subject} | {
        name: getattr(letter, name) for name in letter.__struct_fields__
    }


def _mailer(settings: Settings) -> Mailer:
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url.get_secret_value(), sender=settings.mail_from)
    return FileMailer(settings.mail_dir, sender=settings.mail_from)
