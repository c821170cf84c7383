"""A real installation to measure: PostgreSQL on the client's core, `cgraph serve` on its own, people and conversations."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import asyncpg

from cgraph import accounts, application, messaging
from cgraph.settings import Settings
from cgraph_kit.engines import PostgresServer

from . import lab

PEOPLE = 1_000
RAISED = {
    f"CGRAPH_RATE_LIMIT_{scope}": "1000000/s"
    for scope in ("API", "MESSAGE", "MARK", "JOIN", "CONNECT")
}
"""The load comes from few people; what counting costs is measured with the rest."""
ENVIRONMENT = {
    **RAISED,
    "CGRAPH_SOCKET_MESSAGES": "10000000",
    "CGRAPH_ACCESS_TOKEN_SECONDS": "86400",
    "CGRAPH_LOG_LEVEL": "error",
    "POOL_SIZE": "10",
    "CGRAPH_QUEUES": "{}",  # jobs are enqueued here and done elsewhere, as on nodes that only serve
}


@dataclass
class World:
    """Where everything is."""

    port: int
    server: int
    postmaster: int
    dsn: str
    tokens: Path
    topics: Path
    conversations: list[UUID]
    token_list: list[str]

    def postgres_cpu(self) -> float:
        """CPU seconds of every PostgreSQL process that still lives."""
        children = Path(f"/proc/{self.postmaster}/task/{self.postmaster}/children").read_text()
        return sum(lab.cpu_seconds(int(pid)) for pid in children.split())


@contextmanager
def world(people: int = PEOPLE) -> Iterator[World]:
    """People in pairs, each pair with a conversation; the i-th token is the i-th person's."""
    with TemporaryDirectory(prefix="cgraph-bench-") as name:
        directory = Path(name)
        postgres = PostgresServer(directory / "postgres").start()
        os.sched_setaffinity(postgres.pid, {lab.CLIENT_CORE})
        try:
            dsn = asyncio.run(postgres.ensure_database("cgraph"))
            settings = Settings(
                database_url=dsn,
                data_dir=directory,
                argon2_time_cost=1,
                argon2_memory_kib=8,
                access_token_seconds=86400,
                rate_limit_register="1000000/s",
            )
            tokens, conversations = asyncio.run(_populate(settings, people))
            (directory / "tokens").write_text("\n".join(tokens) + "\n")
            topics = [f"conversation:{id}" for id in conversations]
            (directory / "topics").write_text("\n".join(topics) + "\n")
            port = lab.free_port()
            command = [sys.executable, "-m", "cgraph_cli.main", "serve", "--port", port]
            command += ["--data-dir", directory]
            environment = {**ENVIRONMENT, "DATABASE_URL": dsn}
            with lab.process(command, core=lab.SERVER_CORE, env=environment) as server:
                lab.wait_for(port)
                yield World(
                    port,
                    server.pid,
                    postgres.pid,
                    dsn,
                    directory / "tokens",
                    directory / "topics",
                    conversations,
                    tokens,
                )
        finally:
            postgres.stop()


async def _populate(settings: Settings, people: int) -> tuple[list[str], list[UUID]]:
    async with application.start(settings) as app:
        tokens, conversations, actors = [], [], []
        for n in range(people):
            new = accounts.NewUser(f"p{n}@example.com", f"person.{n:04d}x", "correct horse battery")
            signed_in = await accounts.register(app.db, app.auth, new, accounts.Origin())
            tokens.append(signed_in.tokens.access_token)
            actors.append(await app.auth.authenticate(app.db, tokens[-1]))
            if n % 2:
                opened = await messaging.open_direct(app.db, actors[n - 1], actors[n].id)
                conversations.append(opened.conversation.id)
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return tokens, conversations
