"""A process that does jobs, to be killed: `python -m support.jobnode DSN [--cron] [--grace SECONDS]`.

It says "ready" when it works, and keeps every run in the table `runs`, on a connection of its own.
"""

import argparse
import asyncio
import os
import signal

import asyncpg
import msgspec
import uvloop

from cgraph_kit.db import Database
from cgraph_kit.jobs import Cron, Jobs, Pulse, Tuning, current, job
from cgraph_kit.logging import configure

PULSE = Pulse(beat=0.5, dead=4.0, fence=3.0, grace=1.0)
RUNS = """
CREATE TABLE IF NOT EXISTS runs (
    job bigint, attempt int, name text, tick text, pid int,
    begun timestamptz DEFAULT clock_timestamp(), ended timestamptz
)
"""


class Order(msgspec.Struct, frozen=True):
    """How long it takes, and whether it kills its process."""

    name: str
    seconds: float = 0.0
    kill: bool = False


class Diary:
    """The context: where runs are written down."""

    def __init__(self, db: Database) -> None:
        self.db = db


@job()
async def work(diary: Diary, order: Order) -> None:
    """Writes down that it has begun, takes its time, and writes down that it has ended."""
    run = (current().id, current().attempt)
    await diary.db.value(
        "INSERT INTO runs (job, attempt, name, pid) VALUES ($1, $2, $3, $4)",
        *run,
        order.name,
        os.getpid(),
    )
    if order.kill:
        os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.sleep(order.seconds)
    await diary.db.value(
        "UPDATE runs SET ended = clock_timestamp() WHERE job = $1 AND attempt = $2", *run
    )


@job()
async def tick(diary: Diary, order: Order) -> None:
    """Writes down that it was done."""
    await diary.db.value(
        "INSERT INTO runs (job, attempt, name, tick, pid) "
        "SELECT id, attempt, $2, meta ->> 'tick', $3 FROM jobs WHERE id = $1",
        current().id,
        order.name,
        os.getpid(),
    )


async def prepare(dsn: str) -> None:
    """Make the table of runs."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(RUNS)
    await connection.close()


async def main() -> None:
    """Work until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("dsn")
    parser.add_argument("--cron", action="store_true")
    parser.add_argument("--grace", type=float, default=0.5)
    options = parser.parse_args()
    configure("warning", "text")
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    db = await Database.connect(options.dsn, pool_size=5)
    jobs = Jobs(
        db,
        workers=[work, tick],
        queues={"default": 10},
        crontab=[Cron("* * * * * *", tick, {"name": "tick"})] if options.cron else [],
        tuning=Tuning(grace=options.grace, pulse=PULSE),
    )
    db.subscriber = jobs.hear
    async with jobs.running(Diary(db)):
        print("ready", flush=True)  # noqa: T201
        await stopping.wait()
    await db.close()


if __name__ == "__main__":
    uvloop.run(main())
