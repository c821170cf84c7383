"""People in one conversation on a real server: they say things over HTTP and hear them through the official client."""

from typing import Any, Self

import httpx

from .phoenix import Client, Joined, Phoenix
from .served import Person, Served


class Member:
    """One of them, on one device."""

    def __init__(self, chat: "Chat", person: Person) -> None:
        self._chat = chat
        self.person = person
        self.served = chat.served
        """Where this device connects to."""
        self.socket: Client
        self.topic: Joined

    @property
    def path(self) -> str:
        """The conversation, in the API."""
        return self._chat.path

    async def connect(self, **options: Any) -> Client:
        chat = self._chat
        self.socket = await chat.node.open(
            f"{self.person.username}-{chat.node.next_id()}",
            self.served.url,
            params={"token": self.person.token},
            **options,
        )
        return self.socket

    async def join(self, **options: Any) -> Joined:
        await self.connect(**options)
        self.topic = await self.socket.join(self._chat.topic)
        return self.topic

    async def follow(self, **options: Any) -> Joined:
        """Join through follow.mjs: the state is loaded once, and then every event exactly once."""
        await self.connect(**options)
        state = f"{self._chat.served.address}/api/v1{self._chat.path}/messages"
        self.topic = await self.socket.follow(self._chat.topic, state, self.person.token)
        return self.topic

    async def say(self, content: str, **more: Any) -> Any:
        return await self.person.post(f"{self._chat.path}/messages", {"content": content} | more)

    async def heard(self, content: str) -> None:
        """Wait until that was heard."""
        await self._chat.node.until(lambda _lines: content in self.texts())

    def texts(self) -> list[str]:
        """What was heard, in order."""
        return [message["content"] for message in self.topic.events("new_message")]

    def seqs(self) -> list[int]:
        return [message["seq"] for message in self.topic.events("new_message")]

    async def history(self) -> list[Any]:
        """All messages the server has, oldest first."""
        return await self.person.pages(f"{self._chat.path}/messages")


class Chat:
    """A conversation, and who is in it."""

    def __init__(self, served: Served, node: Phoenix, people: list[Person], id: str) -> None:
        self.served = served
        self.node = node
        self.id = id
        self.members = [Member(self, person) for person in people]

    @classmethod
    async def begin(
        cls, http: httpx.AsyncClient, served: Served, node: Phoenix, *names: str
    ) -> Self:
        """New people, and a conversation the first of them has opened."""
        people = [await Person.register(http, name) for name in names]
        opened = await people[0].post(
            "/conversations", {"participant_ids": [person.id for person in people[1:]]}
        )
        return cls(served, node, people, opened["id"])

    def device(self, person: Person) -> Member:
        """One more device, or somebody who is not in it."""
        return Member(self, person)

    @property
    def path(self) -> str:
        return f"/conversations/{self.id}"

    @property
    def topic(self) -> str:
        return f"conversation:{self.id}"
