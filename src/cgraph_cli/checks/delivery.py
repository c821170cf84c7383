"""What leaves for people who are away: mail and pushes. Nothing is sent."""

from cgraph import notifications
from cgraph.settings import Settings, SettingsError
from cgraph_kit.mailer import MailError, SmtpMailer

from .finding import Finding, fail, ok, warn

PATIENCE = 5.0
"""Seconds the mail server gets for each step."""


async def mail(settings: Settings) -> Finding:
    """Whether anybody gets it: the server is connected to and signed in at."""
    if settings.smtp_url is None:
        state = f"written to {settings.mail_dir}"
        if settings.env == "prod":
            return warn("mail", state, "set CGRAPH_SMTP_URL, or nobody can reset a password")
        return ok("mail", state)
    url = settings.smtp_url.get_secret_value()
    mailer = SmtpMailer(url, sender=settings.mail_from, timeout=PATIENCE)
    try:
        await mailer.probe()
    except MailError as error:
        return fail("mail", str(error), "correct CGRAPH_SMTP_URL, or mend the mail server")
    finally:
        await mailer.close()
    return ok("mail", f"the SMTP server lets us in; from {settings.mail_from}")


async def push(settings: Settings) -> Finding:
    """Whether the keys are keys, and for which platforms there are any."""
    key = settings.vapid_private_key
    try:
        pushers = notifications.open_pushers(settings, key.get_secret_value() if key else "")
    except SettingsError as error:
        return fail("push", str(error), "docs/operations.md says how keys are made")
    platforms = sorted(pushers.platforms)
    await pushers.close()
    if key is None and settings.env == "prod":
        state = ", ".join([*platforms, "none to browsers"])
        return warn("push", state, "set CGRAPH_VAPID_PRIVATE_KEY: cgraph keys vapid")
    return ok("push", ", ".join(platforms) or "to browsers, with a key of our own")
