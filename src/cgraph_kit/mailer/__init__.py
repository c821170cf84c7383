"""Mail: what one is, and who carries it."""

from .base import Mail, Mailer, MailError
from .files import Filed, FileMailer, Mailbox
from .mime import parse_sender
from .server import parse_server
from .smtp import SmtpMailer

__all__ = [
    "FileMailer",
    "Filed",
    "Mail",
    "MailError",
    "Mailbox",
    "Mailer",
    "SmtpMailer",
    "parse_sender",
    "parse_server",
]
