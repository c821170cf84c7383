"""Every program in the documents, as it stands there, against a real server."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from cgraph_web.socket import UserSocket
from support.chat import Chat
from support.documents import ROOT, at, blocks, shell
from support.phoenix import E2E, Phoenix
from support.served import PASSWORD, Person, Served

ID = "[0-9a-f-]{36}"
CHANNELS = "docs/guides/channels.md"
PERMISSIONS = "docs/guides/permissions.md"
FORUMS = "docs/guides/forums.md"


class TestReadme:
    async def test_tour_works_as_written(self, served: Served, tmp_path: Path) -> None:
        """Two people register and open a conversation; message, typing, read marker and presence arrive."""
        tour = blocks("README.md", "Two minutes")
        scripts = [at(block.text, served.address) for block in tour if block.language == "sh"]
        async with shell(tmp_path / "tour", tour, served.address) as terminal:
            people, listen, write, read = scripts
            terminal.run(people)
            terminal.run(listen)
            await terminal.says(r"joined at 0\n")
            terminal.run(write)
            await terminal.says(r"new_message \{[^}]*content: 'Hello, Bob'")
            await terminal.says(rf"user_typing \{{ user_id: '{ID}'")
            await terminal.says(r"(new_message \{[^}]*content: 'Are you there\?'.*){2}")
            await terminal.says(rf"here: \[\s*'{ID}',\s*'{ID}'\s*\]")
            terminal.run(read)
            await terminal.says(rf"read_updated \{{ user_id: '{ID}', read_seq: 2 \}}")


class TestChannels:
    @pytest.fixture
    async def chat(self, http: httpx.AsyncClient, served: Served, node: Phoenix) -> Chat:
        return await Chat.begin(http, served, node, "ada", "bob")

    def test_shows_the_code_that_is_tested(self) -> None:
        [shown] = [block for block in blocks(CHANNELS) if block.name == "follow.mjs"]
        code = (E2E / "follow.mjs").read_text(encoding="utf-8")
        assert shown.text == f"// follow.mjs\n{code}"

    async def test_first_client_says_hello(self, chat: Chat, tmp_path: Path) -> None:
        ada, bob = chat.members
        await bob.join()
        async with shell(tmp_path / "guide", blocks(CHANNELS), chat.served.address) as terminal:
            terminal.run(f"node hello.mjs {ada.person.token} {chat.id} &")
            await bob.heard("Hello, everybody")
            await terminal.says(f"{ada.person.username}: Hello, everybody")

    async def test_first_client_is_refused(
        self, chat: Chat, http: httpx.AsyncClient, tmp_path: Path
    ) -> None:
        stranger = await Person.register(http, "mallory")
        async with shell(tmp_path / "guide", blocks(CHANNELS), chat.served.address) as terminal:
            terminal.run(f"node hello.mjs {stranger.token} {chat.id} &")
            await terminal.says("refused: unauthorized")

    async def test_fallback_joins(self, chat: Chat, tmp_path: Path) -> None:
        ada, _bob = chat.members
        async with shell(tmp_path / "guide", blocks(CHANNELS), chat.served.address) as terminal:
            terminal.run(f"node fallback.mjs {ada.person.token} {chat.id} &")
            await terminal.says(r"joined at \d+")

    async def test_real_client_talks_and_ends_with_its_session(
        self, chat: Chat, tmp_path: Path
    ) -> None:
        ada, bob = chat.members
        await bob.join()
        await bob.say("before")
        async with shell(tmp_path / "guide", blocks(CHANNELS), chat.served.address) as terminal:
            # What the shell runs next is what its program reads.
            terminal.run(f"exec node chat.mjs {ada.person.username} '{PASSWORD}' {chat.id}")
            await terminal.says("loaded 1\n")
            await terminal.says("here: 2\n")
            terminal.run("Hello, Bob")
            await bob.heard("Hello, Bob")
            assert (await bob.topic.heard("user_typing"))["user_id"] == ada.person.id
            await terminal.says("new_message Hello, Bob\n")
            bob.topic.send("typing", {})
            await terminal.says(f"typing: {bob.person.id}\n")
            said = await bob.say("Hello, Ada")
            await terminal.says("new_message Hello, Ada\n")
            await bob.person.call(
                "PATCH", f"{chat.path}/messages/{said['id']}", json={"content": "Hello again"}
            )
            await terminal.says("message_edited Hello again\n")
            await bob.person.post(f"{chat.path}/read", {})
            await terminal.says(rf"read: {bob.person.id} up to \d+\n")
            await ada.person.delete("/me/sessions")
            await terminal.says("signed out\n")

    async def test_messages_look_as_shown(self, chat: Chat) -> None:
        ada, bob = chat.members
        await bob.join()
        await ada.say("Hello")
        heard = await bob.topic.heard("new_message")
        [message] = [shown for shown in examples(CHANNELS) if "mentions" in shown]
        assert list(heard) == [name for name in message if name != "seq"] + ["seq"]
        assert list(heard["sender"]) == list(message["sender"])

    async def test_resuming_looks_as_shown(self, chat: Chat) -> None:
        """What was missed, or why there is no telling."""
        ada, bob = chat.members
        await ada.say("Hello")
        _since, replayed, refused = [
            shown
            for shown in examples(CHANNELS)
            if "events" in shown or "resumed" in shown or "since" in shown
        ]
        await bob.connect()
        answer = (await bob.socket.join(chat.topic, {"since": 0})).answer["response"]
        assert list(answer) == list(replayed)
        assert list(answer["events"][0]) == list(replayed["events"][0])
        assert [event["event"] for event in answer["events"]] == ["new_message"]
        await ada.connect()
        answer = (await ada.socket.join(chat.topic, {"since": 99})).answer["response"]
        assert answer == {**refused, "seq": 1, "reason": "ahead"}

    def test_names_every_event(self) -> None:
        text = (ROOT / CHANNELS).read_text(encoding="utf-8")
        for channel in UserSocket.channels:
            events = {*channel.handlers, *(push.event for push in channel.pushes)}
            assert {event for event in events if f"`{event}`" not in text} == set()


class TestPermissions:
    async def test_tour_works_as_written(self, served: Served, tmp_path: Path) -> None:
        """A channel only gardeners write in: why one of them may, and what hiding it would take from him."""
        tour = [block for block in blocks(PERMISSIONS, "Try it") if block.language == "sh"]
        begin, allow, why, simulate = [at(block.text, served.address) for block in tour]
        async with shell(tmp_path / "permissions", [], served.address) as terminal:
            terminal.run(begin)
            terminal.run(allow)
            await terminal.says(rf'"target_id":"{ID}","target_kind":"role","allow":"2048"')
            terminal.run(why)
            await terminal.says(
                r"'SEND_MESSAGES', 'allowed': True, 'rule': 'role_overwrites', "
                rf"'source_ids': \['{ID}'\]"
            )
            await terminal.says(r"\n\d{10,}\n")
            terminal.run(simulate)
            await terminal.says(r"'lost': \[[^]]*'VIEW_CHANNEL'[^]]*'SEND_MESSAGES'")


class TestForums:
    async def test_tour_works_as_written(self, served: Served, tmp_path: Path) -> None:
        """A forum, a post that mentions somebody, a reader without a token."""
        tour = [block for block in blocks(FORUMS, "Try it") if block.language == "sh"]
        helpers, found, post, read, take_part = [at(block.text, served.address) for block in tour]
        async with shell(tmp_path / "forums", [], served.address) as terminal:
            terminal.run(helpers)
            terminal.run(found)
            await terminal.says(r'"slug":"bees-\d+"')
            terminal.run(post)
            terminal.run(read)
            await terminal.says(
                rf'<p>At <strong>twelve</strong> degrees, <a class="mention" href="/users/{ID}">@ada\d+</a>\?</p>'
            )
            terminal.run(take_part)
            await terminal.says(r"True\n2\n\{'state': 'active', 'level': 'watching'\}")


class TestEveryPage:
    @pytest.mark.parametrize(
        "page",
        [
            "README.md",
            "CONTRIBUTING.md",
            *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
        ],
    )
    def test_links_lead_somewhere(self, page: str) -> None:
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|attachment:|#)([^)#]+)", text):
            assert ((ROOT / page).parent / target).exists(), target


def examples(page: str) -> list[Any]:
    """The JSON on a page."""
    return [json.loads(block.text) for block in blocks(page) if block.language == "json"]
