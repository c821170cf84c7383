"""Mail: what one is, who takes it, and the queue that sends it behind people's backs."""

from .base import Mail, Mailer, MailError, message
from .files import FileMailer
from .outbox import Outbox
from .smtp import SmtpMailer

__all__ = ["FileMailer", "Mail", "MailError", "Mailer", "Outbox", "SmtpMailer", "message"]
