from pathlib import Path

import pytest

from cgraph_kit.ids import new_id
from cgraph_kit.mailer import FileMailer, Mail, Mailbox, MailError

MAIL = Mail("ann@example.org", "Grüße", "Zeile 1\nsüß\n", html="<p>süß</p>")


def written(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


class TestFileMailer:
    async def test_nobody_else_can_read_it(self, tmp_path: Path) -> None:
        await FileMailer(tmp_path / "mail", sender="a@b.org").send(MAIL)
        (path,) = written(tmp_path / "mail")
        assert path.suffix == ".eml"
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0

    async def test_keeps_the_newest(self, tmp_path: Path) -> None:
        mailer = FileMailer(tmp_path, sender="a@b.org", kept=3)
        for n in range(5):
            await mailer.send(Mail("c@d.org", f"number {n}", "t"))
        assert [mail.subject for mail in await Mailbox(tmp_path).newest(9)] == [
            "number 4",
            "number 3",
            "number 2",
        ]
        assert len(written(tmp_path)) == 3

    async def test_writes_nothing_of_what_is_no_mail(self, tmp_path: Path) -> None:
        with pytest.raises(MailError):
            await FileMailer(tmp_path, sender="a@b.org").send(Mail("ann", "s", "t"))
        assert written(tmp_path) == []

    def test_refuses_a_sender_that_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="must be an address"):
            FileMailer(tmp_path, sender="nobody")


class TestMailbox:
    async def test_reads_back_what_was_sent(self, tmp_path: Path) -> None:
        await FileMailer(tmp_path, sender="a@b.org").send(MAIL)
        (mail,) = await Mailbox(tmp_path).newest(9)
        assert (mail.to, mail.subject) == (MAIL.to, MAIL.subject)
        assert (mail.text, mail.html) == (MAIL.text, "<p>süß</p>\n")
        assert ("Auto-Submitted", "auto-generated") in mail.headers
        assert await Mailbox(tmp_path).find(mail.id) == mail

    async def test_a_mail_may_be_text_alone(self, tmp_path: Path) -> None:
        await FileMailer(tmp_path, sender="a@b.org").send(Mail("c@d.org", "s", "t"))
        (mail,) = await Mailbox(tmp_path).newest(9)
        assert (mail.text, mail.html) == ("t\n", None)

    async def test_shows_so_many(self, tmp_path: Path) -> None:
        mailer = FileMailer(tmp_path, sender="a@b.org")
        for n in range(4):
            await mailer.send(Mail("c@d.org", f"number {n}", "t"))
        newest = await Mailbox(tmp_path).newest(2)
        assert [mail.subject for mail in newest] == ["number 3", "number 2"]

    async def test_has_nothing_where_nothing_was_sent(self, tmp_path: Path) -> None:
        mailbox = Mailbox(tmp_path / "mail")
        assert await mailbox.newest(9) == []
        assert await mailbox.find(new_id()) is None

    async def test_passes_over_files_of_others(self, tmp_path: Path) -> None:
        (tmp_path / "notes.eml").write_text("Subject: mine\n\n")
        assert await Mailbox(tmp_path).newest(9) == []
