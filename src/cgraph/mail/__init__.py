"""Mail: what is written to people, how it looks, and how it is ended."""

from .inert import Link, inert
from .jobs import (
    ATTEMPTS,
    QUEUE,
    TIMEOUT,
    MailNotifications,
    enqueue_notifications,
    mail_notifications,
)
from .letters import Letter, PasswordChanged, PasswordReset, TestMail
from .notices import Item, Notification, Notifications, Place, WayOut, notice
from .post import Collect, Collected, Post
from .unsubscribing import GLOBAL, Unsubscription, Unsubscriptions

__all__ = [
    "ATTEMPTS",
    "GLOBAL",
    "QUEUE",
    "TIMEOUT",
    "Collect",
    "Collected",
    "Item",
    "Letter",
    "Link",
    "MailNotifications",
    "Notification",
    "Notifications",
    "PasswordChanged",
    "PasswordReset",
    "Place",
    "Post",
    "TestMail",
    "Unsubscription",
    "Unsubscriptions",
    "WayOut",
    "enqueue_notifications",
    "inert",
    "mail_notifications",
    "notice",
]
