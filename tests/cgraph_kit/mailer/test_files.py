from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from cgraph_kit.mailer import FileMailer, Mail, MailError


def written(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


class TestFileMailer:
    async def test_writes_what_a_mail_program_can_open(self, tmp_path: Path) -> None:
        mailer = FileMailer(tmp_path / "mail", sender="CGraph <no-reply@example.org>")
        await mailer.send(Mail("ann@example.org", "Grüße", "Zeile 1\nZeile 2: süß\n"))
        (path,) = written(tmp_path / "mail")
        mail = message_from_bytes(path.read_bytes(), policy=default)
        assert path.suffix == ".eml"
        assert mail["From"] == "CGraph <no-reply@example.org>"
        assert mail["To"] == "ann@example.org"
        assert mail["Subject"] == "Grüße"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Date"]
        assert mail["Message-ID"].endswith("@example.org>")
        assert mail.get_content().replace("\r\n", "\n") == "Zeile 1\nZeile 2: süß\n"

    async def test_nobody_else_can_read_it(self, tmp_path: Path) -> None:
        await FileMailer(tmp_path / "mail", sender="a@b.org").send(Mail("c@d.org", "s", "t"))
        (path,) = written(tmp_path / "mail")
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0

    async def test_names_sort_by_time(self, tmp_path: Path) -> None:
        mailer = FileMailer(tmp_path, sender="a@b.org")
        for n in range(5):
            await mailer.send(Mail("c@d.org", f"number {n}", "t"))
        subjects = [
            message_from_bytes(path.read_bytes(), policy=default)["Subject"]
            for path in written(tmp_path)
        ]
        assert subjects == [f"number {n}" for n in range(5)]


class TestMessage:
    @pytest.mark.parametrize(
        "mail",
        [
            Mail("ann@example.org\r\nBcc: eve@example.org", "s", "t"),
            Mail("ann@example.org", "s\r\nBcc: eve@example.org", "t"),
            Mail("ann@example.org\nX: y", "s", "t"),
            Mail("not an address", "s", "t"),
            Mail("", "s", "t"),
            Mail("ann@example.org, eve@example.org", "s", "t"),
        ],
    )
    async def test_headers_cannot_be_injected(self, tmp_path: Path, mail: Mail) -> None:
        with pytest.raises(MailError) as failed:
            await FileMailer(tmp_path, sender="a@b.org").send(mail)
        assert failed.value.permanent
        assert written(tmp_path) == []

    def test_a_mail_in_a_log_line_tells_no_secret(self) -> None:
        assert repr(Mail("ann@example.org", "Reset", "token")) == "Mail('Reset')"
