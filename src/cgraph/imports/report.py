"""What an import took, what it found already there, and what it could not take."""

from collections import Counter

import msgspec

from .records import Problem

KEPT = 10_000
"""Problems kept one by one; all are counted."""


class Summary(msgspec.Struct, frozen=True):
    """Problems of one kind, counted."""

    outcome: str
    reason: str
    count: int
    first: Problem


class Report:
    """Counts by kind (`users`, `conversations`, `messages`, `replies`, `reactions`, `pins`, `groups`, `channels`, `members`,
    `forums`, `subscriptions`, `posts`, `comments`, `votes`) and the problems.
    """

    def __init__(self, source: str, *, dry_run: bool) -> None:
        self.source = source
        self.dry_run = dry_run
        self.taken: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        """Found already there, and left alone."""
        self.problems: list[Problem] = []
        """The first ones; `summary` counts all."""
        self._counts: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], Problem] = {}

    def add(self, problem: Problem) -> None:
        key = (problem.outcome, problem.reason)
        self._counts[key] += 1
        self._first.setdefault(key, problem)
        if len(self.problems) < KEPT:
            self.problems.append(problem)

    def changed(self, where: str, reason: str, detail: str = "") -> None:
        """Note what was taken, but not as it was."""
        self.add(Problem(where, reason, detail, "changed"))

    def lost(self, where: str, reason: str, detail: str = "") -> None:
        """Note what was not taken."""
        self.add(Problem(where, reason, detail))

    def count(self, outcome: str) -> int:
        """How many problems had this outcome."""
        return sum(count for (each, _), count in self._counts.items() if each == outcome)

    def summary(self) -> list[Summary]:
        """The problems by outcome and reason: losses first, the most frequent first."""
        order = {"lost": 0, "changed": 1, "left out": 2}
        ranked = sorted(self._counts.items(), key=lambda entry: (order[entry[0][0]], -entry[1]))
        return [Summary(*key, count, self._first[key]) for key, count in ranked]

    def json(self) -> bytes:
        """All of it, for a file; where it was found may be a name that is not UTF-8."""
        return msgspec.json.format(
            msgspec.json.encode(
                {
                    "source": self.source,
                    "dry_run": self.dry_run,
                    "taken": dict(self.taken),
                    "already_there": dict(self.known),
                    "problems_by_reason": self.summary(),
                    "problems": self.problems,
                    "problems_not_listed": self._counts.total() - len(self.problems),
                },
            )
        )
