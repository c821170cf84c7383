"""The server goes and comes back: clients return by themselves and get exactly what they missed."""

import signal
from pathlib import Path

import pytest

from support.chat import Chat
from support.phoenix import phoenix
from support.served import calling, free_port, serving


@pytest.mark.parametrize(
    ("end", "release"), [(signal.SIGKILL, "phoenix"), (signal.SIGTERM, "phoenix16")]
)
class TestRestart:
    async def test_delivers_what_was_missed_once_and_in_order(
        self, data_dir: Path, end: signal.Signals, release: str
    ) -> None:
        """Bob listens by WebSocket, Eve by long polling."""
        port = free_port()
        async with phoenix(release) as node, calling(f"http://127.0.0.1:{port}") as http:
            async with serving(data_dir, port=port) as served:
                chat = await Chat.begin(http, served, node, "ada", "bob", "eve")
                ada, bob, eve = chat.members
                await bob.follow()
                await eve.follow(transport="longpoll")
                for text in ("1", "2", "3"):
                    await ada.say(text)
                await bob.heard("3")
                await eve.heard("3")
                node.tunnel(inside=True)
                await served.stop(end)
            async with serving(data_dir, port=port):
                # Bob's client tries to return all the time, and cannot yet.
                for text in ("4", "5", "6"):
                    await ada.say(text)
                node.tunnel(inside=False)
                await bob.heard("6")
                await ada.say("7")
                for listener in (bob, eve):
                    await listener.heard("7")
                    assert listener.texts() == ["1", "2", "3", "4", "5", "6", "7"]
                    assert listener.seqs() == [message["seq"] for message in await ada.history()]
                    assert len(listener.topic.lines("loaded")) == 1, "a second time"
