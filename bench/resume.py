"""A client that has missed 1,000 events joins again: how long until it has them, and whether they are exactly those."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cgraph import accounts, application, messaging
from cgraph.settings import Settings
from cgraph_kit.channels.testing import connect
from cgraph_kit.engines import PostgresServer
from cgraph_web.realtime import realtime

from . import lab

MISSED = 1_000


async def _measure(settings: Settings, runs: int) -> dict[str, float]:
    async with application.start(settings) as app, realtime(app) as endpoint:
        people = []
        for n in range(2):
            new = accounts.NewUser(f"p{n}@example.com", f"person.{n}", "correct horse battery")
            people.append(await accounts.register(app.db, app.auth, new, accounts.Origin()))
        ada = await app.auth.authenticate(app.db, people[0].tokens.access_token)
        opened = await messaging.open_direct(app.db, ada, people[1].user.id)
        id, since = opened.conversation.id, opened.conversation.seq
        for n in range(MISSED):
            new_message = messaging.NewMessage(f"message {n} " + "x" * 100)
            await messaging.send_message(app.db, ada, id, new_message)
        times, cpu = [], []
        for _ in range(runs):
            socket = await connect(endpoint, {"token": people[1].tokens.access_token})
            begun, used = time.perf_counter(), time.process_time()
            channel = await socket.join(f"conversation:{id}", {"since": since})
            times.append(time.perf_counter() - begun)
            cpu.append(time.process_time() - used)
            seqs = [event["payload"]["seq"] for event in channel.response["events"]]
            assert seqs == list(range(since + 1, since + MISSED + 1)), "not exactly what was missed"
            socket.disconnect()
        return {
            "join_ms": sorted(times)[len(times) // 2] * 1e3,
            "cpu_ms": sorted(cpu)[len(cpu) // 2] * 1e3,
        }


def run(runs: int, quick: bool) -> dict[str, Any]:
    """Milliseconds from the join to its decoded answer, client and server in one process; exactness is asserted."""
    with TemporaryDirectory(prefix="cgraph-bench-") as name:
        postgres = PostgresServer(Path(name) / "postgres").start()
        try:
            dsn = asyncio.run(postgres.ensure_database("cgraph"))
            settings = Settings(
                database_url=dsn, data_dir=Path(name), argon2_time_cost=1, argon2_memory_kib=8
            )
            figures = asyncio.run(_measure(settings, max(3, runs)))
        finally:
            postgres.stop()
    return {"goal": "≤ 300 ms, exact", "missed": MISSED, **lab.rounded(figures)}
