"""One run of one job: the function is called, and what it does becomes an outcome."""

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Mapping
from typing import Any

from cgraph_kit import tracing
from cgraph_kit.logging import about

from .results import Cancel, Nothing, Result, Snooze
from .taken import Outcome, Taken, enter
from .text import printable
from .worker import Worker

log = logging.getLogger(__name__)

_NONE: Mapping[str, str] = {}
UNKNOWN_WAIT = 60.0
"""Seconds after which a job is offered again that nobody here knows: a newer version may be on its way."""
UNKNOWN_KEPT = 24 * 3600.0
"""Seconds after which such a job is given up."""


async def execute(workers: Mapping[str, Worker[Any, Any]], context: Any, job: Taken) -> Outcome:
    """Do it. Whatever the function raises becomes an outcome; only the cancelling of this task is passed on."""
    enter(job)
    doing: dict[str, str | int] = {
        "job_id": job.id,
        "worker": job.worker,
        "queue": job.queue,
        "attempt": job.attempt,
    }
    origin = job.origin or _NONE
    if request_id := origin.get("request_id"):
        doing["request_id"] = request_id
    about.set(doing)
    with tracing.root(job.worker, "consumer", doing, link=origin.get("traceparent")) as span:
        if span.trace_id:
            doing["trace_id"] = span.trace_id
        outcome = await _run(workers, context, job)
        if span.recording:
            _describe(span, outcome)
        return outcome


def _describe(span: tracing.Span, outcome: Outcome) -> None:
    span.set({"state": outcome.state})
    if outcome.error and outcome.state != "cancelled":
        span.fail(outcome.state)


async def _run(workers: Mapping[str, Worker[Any, Any]], context: Any, job: Taken) -> Outcome:
    worker = workers.get(job.worker)
    if worker is None:
        return _unknown(job)
    try:
        running = worker.handler(context, worker.decode(job.args))
        result = await (running if worker.timeout is None else _within(worker.timeout, running))
    except (Exception, SystemExit) as error:
        return _failed(worker, job, error)
    except asyncio.CancelledError as error:
        if _is_cancelled():
            raise
        return _failed(worker, job, error)  # of something it waited for
    return _done(job, result)


async def _within(seconds: float, running: Awaitable[Result]) -> Result:
    try:
        async with asyncio.timeout(seconds) as limit:
            return await running
    except TimeoutError as error:
        if limit.expired():  # the trace says where it was
            raise TimeoutError(f"it took more than {seconds:g} s") from error
        raise


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _done(job: Taken, result: object) -> Outcome:
    match result:
        case Cancel(reason=reason):
            return Outcome(job, "cancelled", error=printable(reason))
        case Snooze(seconds=seconds):
            return Outcome(job, "scheduled", wait=seconds, counts=False)
        case Nothing():
            return Outcome(job, "completed", kept=job.attempt > 1)
    return Outcome(job, "completed")


def _failed(worker: Worker[Any, Any], job: Taken, error: BaseException) -> Outcome:
    text = printable("".join(traceback.format_exception(error)))
    if job.last:
        log.error("a job failed for the last time", exc_info=error)
        return Outcome(job, "discarded", error=text)
    log.warning("a job failed and will be tried again", exc_info=error)
    return Outcome(job, "retryable", wait=_wait(worker, job), error=text)


def _wait(worker: Worker[Any, Any], job: Taken) -> float:
    try:
        return worker.backoff(job.attempt, job.max_attempts)
    except Exception:
        log.exception("a backoff failed")
        return UNKNOWN_WAIT


def _unknown(job: Taken) -> Outcome:
    if time.time() - job.inserted_at.timestamp() > UNKNOWN_KEPT:
        return Outcome(job, "discarded", error=f"nobody knows the job {job.worker}")
    log.warning("a job is not known here")
    return Outcome(job, "retryable", wait=UNKNOWN_WAIT, counts=False)
