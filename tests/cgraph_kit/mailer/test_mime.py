from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import msgspec
import pytest

from cgraph_kit.mailer import Mail, MailError, parse_sender
from cgraph_kit.mailer.mime import LARGEST, message

SENDER = parse_sender("CGraph <no-reply@chat.example.org>")
MAIL = Mail("ann@example.org", "Grüße", "Zeile 1\nZeile 2: süß\n")
LONG = "https://chat.example.org/unsubscribe/" + "aB3_-" * 40


def sent(mail: Mail) -> EmailMessage:
    """What who receives it makes of it."""
    return message_from_bytes(bytes(message(mail, SENDER)), policy=policy.default)


def raw(mail: Mail) -> list[str]:
    """The header lines as they travel."""
    head, _, _ = bytes(message(mail, SENDER)).partition(b"\r\n\r\n")
    return head.decode("ascii").split("\r\n")


def with_(**changes: Any) -> Mail:
    return msgspec.structs.replace(MAIL, **changes)


class TestMessage:
    def test_says_who_what_and_that_no_person_wrote_it(self) -> None:
        mail = sent(MAIL)
        assert mail["From"] == "CGraph <no-reply@chat.example.org>"
        assert mail["To"] == "ann@example.org"
        assert mail["Subject"] == "Grüße"
        assert mail["Date"].datetime.tzinfo is not None
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail.get_content().replace("\r\n", "\n") == MAIL.text

    def test_offers_html_as_the_better_alternative(self) -> None:
        mail = sent(with_(html="<p>süß</p>"))
        assert mail.get_content_type() == "multipart/alternative"
        text, html = mail.iter_parts()
        assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
        assert html.get_content().strip() == "<p>süß</p>"

    def test_lines_are_as_long_as_mail_servers_take_them(self) -> None:
        mail = with_(text="word " * 4000, html="<p>" + "ü" * 20_000)
        assert max(map(len, bytes(message(mail, SENDER)).split(b"\r\n"))) <= 78

    def test_gives_each_mail_a_name_of_its_own(self) -> None:
        names = {sent(MAIL)["Message-ID"] for _ in range(3)}
        assert len(names) == 3
        assert all(name.endswith("@chat.example.org>") for name in names)

    def test_the_name_can_be_given(self) -> None:
        assert sent(with_(id="batch.0a-1"))["Message-ID"] == "<batch.0a-1@chat.example.org>"

    def test_a_thread_is_the_same_in_every_mail_of_it(self) -> None:
        first, second = (sent(with_(thread="conversation.7")) for _ in range(2))
        assert first["References"] == "<about.conversation.7@chat.example.org>"
        assert first["References"] == first["In-Reply-To"] == second["References"]
        assert sent(MAIL)["References"] is None

    def test_unsubscribing_takes_one_click(self) -> None:
        mail = sent(with_(unsubscribe="https://chat.example.org/u/x"))
        assert mail["List-Unsubscribe"] == "<https://chat.example.org/u/x>"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_long_addresses_are_not_folded_into_something_else(self) -> None:
        mail = with_(unsubscribe=LONG, id="x" * 100, thread="conversation." + "7" * 100)
        lines = raw(mail)
        assert f"List-Unsubscribe: <{LONG}>" in lines
        assert f"Message-ID: <{'x' * 100}@chat.example.org>" in lines
        assert sent(mail)["References"].endswith("@chat.example.org>")

    def test_one_click_is_promised_over_https_only(self) -> None:
        mail = sent(with_(unsubscribe="http://localhost:4000/u/x"))
        assert mail["List-Unsubscribe"] == "<http://localhost:4000/u/x>"
        assert mail["List-Unsubscribe-Post"] is None

    def test_says_nothing_of_unsubscribing_where_one_cannot(self) -> None:
        assert sent(MAIL)["List-Unsubscribe"] is None

    def test_what_is_too_large_is_refused(self) -> None:
        with pytest.raises(MailError) as refused:
            message(with_(text="x" * LARGEST), SENDER)
        assert refused.value.permanent


def hostile() -> Iterator[Any]:
    """Values that would be headers, other recipients, or nothing at all."""
    breaks = (
        "\r\nBcc: eve@example.org",
        "\nX: y",
        "\rX: y",
        "\r\n\r\n<p>body",
        "\x00",
        "\u2028X: y",
    )
    good = {
        "to": "ann@example.org",
        "subject": "s",
        "id": "a",
        "thread": "a",
        "unsubscribe": "https://chat.example.org/u",
    }
    for field, value in good.items():
        for text in breaks:
            yield pytest.param({field: value + text}, id=f"{field} {text!r}")
    for to in (
        "not an address",
        "",
        "ann@example.org, eve@example.org",
        "<ann@example.org>",
        "ann@",
    ):
        yield pytest.param({"to": to}, id=f"to {to!r}")
    for name in ("", "a b", "a>", "<a", "a@b", "ä", "x" * 200, ".", "a..b"):
        yield pytest.param({"id": name}, id=f"id {name!r}")
        yield pytest.param({"thread": name}, id=f"thread {name!r}")
    for link in (
        "javascript:alert(1)",
        "https://x>, <https://y",
        "https://",
        "https://ü",
        "ftp://x",
    ):
        yield pytest.param({"unsubscribe": link}, id=f"unsubscribe {link!r}")
    yield pytest.param({"subject": "s" * 300}, id="a subject without end")


class TestHostileValues:
    @pytest.mark.parametrize("changes", list(hostile()))
    def test_are_refused_for_good_and_not_repeated_in_the_error(self, changes: Any) -> None:
        with pytest.raises(MailError) as refused:
            message(with_(**changes), SENDER)
        assert refused.value.permanent
        (value,) = changes.values()
        assert not value or value not in str(refused.value)

    def test_bodies_start_no_headers(self) -> None:
        mail = sent(with_(text="a\r\nBcc: eve@example.org\r\n\r\nb\r.\r\nc"))
        assert mail["Bcc"] is None
        assert "Bcc: eve@example.org" in mail.get_content()

    def test_what_is_no_text_is_refused(self) -> None:
        with pytest.raises(MailError):
            message(with_(text="\udc80"), SENDER)


class TestParseSender:
    @pytest.mark.parametrize(
        ("sender", "shown"),
        [
            ("no-reply@example.org", "no-reply@example.org"),
            ("Chat <no-reply@example.org>", "Chat <no-reply@example.org>"),
            ('"Chat, Inc." <no-reply@example.org>', '"Chat, Inc." <no-reply@example.org>'),
        ],
    )
    def test_takes_an_address_with_or_without_a_name(self, sender: str, shown: str) -> None:
        assert str(parse_sender(sender)) == shown

    @pytest.mark.parametrize("sender", ["", "Chat", "Chat <>", "a@b\r\nBcc: c@d", "a@", "@b.org"])
    def test_refuses_what_is_none(self, sender: str) -> None:
        with pytest.raises(ValueError, match="must be an address"):
            parse_sender(sender)


class TestMail:
    def test_tells_no_secret_in_a_log_line(self) -> None:
        assert repr(MAIL) == "Mail(…)"
