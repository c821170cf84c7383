"""A post office that keeps what it is given."""

from typing import Any

from cgraph.mail import Collect, Post
from cgraph_kit.mailer import Mail, MailError

SECRET = "0123456789abcdef0123456789abcdef"


class Postbox:
    """Where mail ends up; it fails as it is told, then works."""

    def __init__(self, *failures: MailError) -> None:
        self.failures = list(failures)
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.mails.append(mail)

    async def close(self) -> None:
        """Nothing is held open."""


def post_of(postbox: Any, *, collect: Collect | None = None) -> Post:
    """Of a site at an address."""
    return Post(
        postbox,
        base_url="https://chat.example.org",
        site="Chat",
        secret=SECRET,
        collect=collect,
    )
