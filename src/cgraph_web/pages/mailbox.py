"""`/dev/mailbox`: what was sent while there is no mail server. In development only."""

from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

from cgraph.application import App
from cgraph.settings import Settings
from cgraph_kit.mailer import Filed, Mailbox
from cgraph_web.action import action
from cgraph_web.errors import NoRoute
from cgraph_web.exchange import Exchange
from cgraph_web.response import Response

from .page import page, page_of

SHOWN = 200
_MAIL_POLICY = b"; ".join(
    (
        b"default-src 'none'",
        b"style-src 'unsafe-inline'",
        b"img-src data:",
        b"base-uri 'none'",
        b"form-action 'none'",
        b"frame-ancestors 'self'",
        b"sandbox allow-popups allow-popups-to-escape-sandbox",
    )
)
"""As in a mail program: its own styles, links that open elsewhere, and nothing else."""


@action(public=True, hidden=True)
async def index(app: App, exchange: Exchange) -> Response:
    """The newest mails."""
    mailbox = _mailbox(app.settings, exchange)
    mails = await mailbox.newest(SHOWN)
    return page("mailbox", mails=mails, directory=app.settings.mail_dir.absolute())


@action(public=True, hidden=True)
async def show(app: App, exchange: Exchange, mail_id: UUID) -> Response:
    """One mail: as HTML, as text, and its headers."""
    return page("mailbox_mail", mail=await _find(app.settings, exchange, mail_id))


@action(public=True, hidden=True)
async def html(app: App, exchange: Exchange, mail_id: UUID) -> Response:
    """The HTML alone, for the frame it is shown in."""
    mail = await _find(app.settings, exchange, mail_id)
    return page_of(mail.html or "", _MAIL_POLICY)


async def _find(settings: Settings, exchange: Exchange, mail_id: UUID) -> Filed:
    mail = await _mailbox(settings, exchange).find(mail_id)
    if mail is None:
        raise NoRoute
    return mail


def _mailbox(settings: Settings, exchange: Exchange) -> Mailbox:
    """Raises `NoRoute` where there is none, for callers from elsewhere, or where a name leads here that is not ours.

    Another site could point its own name at this machine, and then its pages could read ours (DNS rebinding).
    """
    if not settings.has_mailbox or not _is_ours(exchange, settings):
        raise NoRoute
    if settings.mailbox == "local" and not _is_local(exchange.client):
        raise NoRoute
    return Mailbox(settings.mail_dir)


def _is_local(address: str) -> bool:
    """This very machine, by whatever kind of address; a Unix socket has none."""
    if not address:
        return True
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return (getattr(ip, "ipv4_mapped", None) or ip).is_loopback


def _is_ours(exchange: Exchange, settings: Settings) -> bool:
    host = urlsplit("//" + exchange.headers.get(b"host", b"").decode("latin-1")).hostname or ""
    if host in {"localhost", settings.phx_host, urlsplit(settings.base_url).hostname}:
        return True
    try:
        return bool(ip_address(host))
    except ValueError:
        return False
