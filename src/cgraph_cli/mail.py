"""`cgraph mail`: test."""

from cyclopts import App

from cgraph import configuration, mail, secrets
from cgraph_kit import clock
from cgraph_kit.mailer import MailError, parse_sender

from .output import Failure, say

command = App(
    name="mail",
    help="""
    See that mail arrives.

    Needs neither database nor a running server: only what CGRAPH_SMTP_URL and CGRAPH_MAIL_FROM say.

    For example:

    - `cgraph mail test you@example.org`
    """,
    help_format="markdown",
)


@command.command
async def test(address: str, /) -> None:
    """Send a test mail now, and say what the mail server made of it.

    For example:

    - `cgraph mail test you@example.org`

    Parameters
    ----------
    address
        Whom to send it to.
    """
    try:
        parse_sender(address)
    except ValueError:
        raise Failure(f"cgraph: {address} is no e-mail address") from None
    settings = configuration.read()
    post = mail.Post.from_settings(settings, secret=secrets.read(settings).key_base)
    try:
        refused = await post.deliver(mail.TestMail(to=address, at=clock.now()))
    except MailError as error:
        raise Failure(f"cgraph: not sent: {error}\n`cgraph doctor` looks closer.") from None
    finally:
        await post.close()
    if refused is not None:
        raise Failure(f"cgraph: not sent: {refused.reason}")
    if settings.smtp_url is None:
        say(f"Written to {settings.mail_dir}: CGRAPH_SMTP_URL is not set.")
    else:
        say("The mail server took it. Whether it arrives is for the recipient to see.")
