"""Each letter, as who receives it reads it."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import jinja2
import pytest

from cgraph.mail import (
    Letter,
    Link,
    PasswordChanged,
    PasswordReset,
    Place,
    TestMail,
    WayOut,
    notice,
)
from cgraph.mail.inert import BETWEEN, inert
from cgraph.mail.rendering import render
from cgraph_kit.mailer import Mail
from support.hostile import HOSTILE
from support.post import Postbox, post_of

from .conftest import THEN

SITE = "https://chat.example.org"
WAYS = [
    WayOut("Unsubscribe from this conversation", Link(f"{SITE}/unsubscribe/a.b.c")),
    WayOut("Unsubscribe from all of it", Link(f"{SITE}/unsubscribe/d.e.f")),
]
Made = Callable[..., Letter]


class Page(HTMLParser):
    """What a browser would make of it: visible text, addresses, and elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.elements: list[str] = []
        self.handlers: list[str] = []
        self._silent = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append(tag)
        self._silent = tag in {"style", "title"}
        for name, value in attrs:
            if name == "href":
                self.links.append(value)
            if name in {"src", "background", "srcset"}:
                self.fetched.append(value)
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data


def reset(name: str) -> Letter:
    return PasswordReset(
        to="ann@example.org",
        username=name,
        link=Link(f"{SITE}/reset/tok-en"),
        token=Link("tok-en"),
        minutes=60,
    )


def changed(name: str, how: Any = "changed") -> Letter:
    return PasswordChanged(
        to="ann@example.org", username=name, how=how, at=THEN, link=Link(f"{SITE}/reset")
    )


def letters(name: str, place: Callable[..., Place], item: Callable[..., Any]) -> list[Letter]:
    """Every letter there is, with somebody's words wherever there can be any."""
    said = [item(who=name, what="mentioned you", text=name) for _ in range(3)]
    one = notice("ann@example.org", [place(items=said[:1], title=name)], WAYS)
    several = notice(
        "ann@example.org", [place(items=said, title=name), place(items=said, title=None)], WAYS
    )
    assert one is not None
    assert several is not None
    return [reset(name), changed(name), TestMail(to="ann@example.org", at=THEN), one, several]


async def mailed(letter: Letter) -> Mail:
    postbox = Postbox()
    assert await post_of(postbox).deliver(letter) is None
    return postbox.mails[0]


class TestHostileWords:
    @pytest.mark.parametrize("words", HOSTILE)
    async def test_change_nothing_but_the_words(
        self, words: str, place: Callable[..., Place], item: Callable[..., Any]
    ) -> None:
        hostile = letters(words, place, item)
        harmless = letters("Ann", place, item)
        for bad, good in zip(hostile, harmless, strict=True):
            one, other = await mailed(bad), await mailed(good)
            assert one.html is not None
            assert other.html is not None
            page, like = Page(one.html), Page(other.html)
            assert page.elements == like.elements
            assert _addresses(page) == _addresses(like)
            assert page.fetched == page.handlers == []
            assert one.text.count("\n") == other.text.count("\n")
            assert one.text.count("://") == other.text.count("://")
            assert one.subject.isprintable() or BETWEEN in one.subject
            assert len(one.subject) <= 130

    async def test_a_mail_stays_small(
        self, place: Callable[..., Place], item: Callable[..., Any]
    ) -> None:
        """Gmail shows the first 102 KB."""
        said = [item(who="&" * 500, text="<" * 5000) for _ in range(50)]
        letter = notice("ann@example.org", [place(items=said, title="&" * 500)] * 40, WAYS)
        assert letter is not None
        mail = await mailed(letter)
        assert mail.html is not None
        assert len(mail.html.encode()) < 102_000


def _addresses(page: Page) -> list[str]:
    return [link.split("/unsubscribe/")[0] for link in page.links]


class TestEveryLetter:
    async def test_asks_nobody_for_anything(
        self, place: Callable[..., Place], item: Callable[..., Any]
    ) -> None:
        for letter in letters("Ann", place, item):
            mail = await mailed(letter)
            assert mail.html is not None
            page = Page(mail.html)
            assert page.fetched == []
            assert not {"script", "link", "iframe", "img", "form"} & set(page.elements)
            assert "@import" not in mail.html
            assert "url(" not in mail.html

    async def test_says_the_same_as_text(
        self, place: Callable[..., Place], item: Callable[..., Any]
    ) -> None:
        for letter in letters("Ann", place, item):
            mail = await mailed(letter)
            assert mail.html is not None
            links = {link for link in Page(mail.html).links if link}
            assert links == {link for link in links if link in mail.text}
            assert "{{" not in mail.text + mail.html
            assert "Chat" in mail.text

    def test_a_value_that_is_missing_is_a_bug(self) -> None:
        with pytest.raises(jinja2.UndefinedError):
            render("test_mail", {"site": "Chat"})

    def test_shows_no_secret_in_a_log_line(self) -> None:
        assert repr(reset("ann")) == "PasswordReset(…)"


class TestPasswordReset:
    async def test_says_what_to_do_and_for_how_long(self) -> None:
        mail = await mailed(reset("ann"))
        assert mail.subject == "Reset your password"
        assert f"    {SITE}/reset/tok-en\n" in mail.text
        assert "\n    tok-en\n" in mail.text
        assert mail.html is not None
        assert f"{SITE}/reset/tok-en" in Page(mail.html).links
        assert "60 minutes" in Page(mail.html).text

    async def test_cannot_be_ended(self) -> None:
        assert (await mailed(reset("ann"))).unsubscribe is None


class TestPasswordChanged:
    @pytest.mark.parametrize(
        ("how", "devices"), [("changed", "Your other devices"), ("reset", "All your devices")]
    )
    async def test_says_how_and_when(self, how: str, devices: str) -> None:
        mail = await mailed(changed("ann", how))
        assert mail.html is not None
        for said in (mail.text, Page(mail.html).text):
            assert f"was {how} on 1 March 2026, 14:05 UTC" in said
            assert devices in said


class TestNotice:
    async def test_one_thing_is_its_own_subject(self, place: Callable[..., Place]) -> None:
        where = place()
        letter = notice("ann@example.org", [where], WAYS)
        assert letter is not None
        mail = await mailed(letter)
        assert mail.subject == "Ada mentioned you in Lounge"
        assert mail.thread == f"conversation.{where.id}"
        assert mail.unsubscribe == WAYS[0].link
        assert mail.html is not None
        page = Page(mail.html)
        assert "number 0" in page.text
        assert page.links == ["https://app.example.org/lounge", *(way.link for way in WAYS)]

    async def test_in_a_place_without_a_title(self, place: Callable[..., Place]) -> None:
        letter = notice("ann@example.org", [place(title=None)], WAYS)
        assert letter is not None
        assert letter.subject == "Ada mentioned you"

    async def test_several_of_one_place(self, place: Callable[..., Place]) -> None:
        where = place(7)
        letter = notice("ann@example.org", [where], WAYS)
        assert letter is not None
        mail = await mailed(letter)
        assert mail.subject == "7 new notifications in Lounge"
        assert mail.thread == f"conversation.{where.id}"
        assert "number 6" in mail.text, "the newest are shown"
        assert "number 1" not in mail.text
        assert "and 2 more" in mail.text

    async def test_several_of_several(self, place: Callable[..., Place]) -> None:
        places = [place(2, title="Lounge"), place(1, title=None)]
        letter = notice("ann@example.org", places, WAYS)
        assert letter is not None
        mail = await mailed(letter)
        assert mail.subject == "3 new notifications"
        assert mail.thread is None
        assert mail.html is not None
        text = Page(mail.html).text
        assert text.index("Lounge") < text.index("Ada mentioned you")

    async def test_too_many_are_counted(self, place: Callable[..., Place]) -> None:
        letter = notice("ann@example.org", [place(3) for _ in range(10)], WAYS)
        assert letter is not None
        mail = await mailed(letter)
        assert mail.subject == "30 new notifications"
        assert "And 6 more." in mail.text

    def test_nothing_to_tell_is_no_letter(self, place: Callable[..., Place]) -> None:
        assert notice("ann@example.org", [], WAYS) is None
        assert notice("ann@example.org", [place(0)], WAYS) is None

    async def test_what_may_not_be_said_is_not(
        self, place: Callable[..., Place], item: Callable[..., Any]
    ) -> None:
        letter = notice("ann@example.org", [place(items=[item(text=None)])], WAYS)
        assert letter is not None
        mail = await mailed(letter)
        assert "None" not in mail.text
        assert inert("Ada mentioned you in Lounge") in mail.text
