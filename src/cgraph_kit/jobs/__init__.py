"""Work that happens later, on PostgreSQL: what is enqueued with a commit is done, at least once.

Declare with `@job`, enqueue in your transaction, and let `Jobs` do it. Names, states and meaning are Oban's. What has
begun is done by one node at a time; a node that dies is found out by the others, and an attempt that was begun counts.
"""

from .control import QueueState, cancel, delete, pause, queues, resume, retry, scale
from .cron import Cron
from .heart import Pulse
from .job import (
    FINISHED,
    IF_PENDING,
    PENDING,
    STATES,
    Enqueued,
    Failure,
    Job,
    JobsEnqueued,
    State,
    Which,
    find_job,
    list_jobs,
)
from .jobs import Jobs, Tuning
from .pruner import Ages
from .results import Cancel, Nothing, Result, Snooze, backoff
from .taken import Taken, current
from .unique import OnePending, Unique, pending_key
from .worker import PRIORITIES, Worker, job

__all__ = [
    "FINISHED",
    "IF_PENDING",
    "PENDING",
    "PRIORITIES",
    "STATES",
    "Ages",
    "Cancel",
    "Cron",
    "Enqueued",
    "Failure",
    "Job",
    "Jobs",
    "JobsEnqueued",
    "Nothing",
    "OnePending",
    "Pulse",
    "QueueState",
    "Result",
    "Snooze",
    "State",
    "Taken",
    "Tuning",
    "Unique",
    "Which",
    "Worker",
    "backoff",
    "cancel",
    "current",
    "delete",
    "find_job",
    "job",
    "list_jobs",
    "pause",
    "pending_key",
    "queues",
    "resume",
    "retry",
    "scale",
]
