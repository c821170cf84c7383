"""What this node knows of another one's people, and whether it knows all."""

from collections.abc import Iterable
from typing import NamedTuple

from .entry import Entry
from .messages import Delta, State

EARLY_DELTAS = 10_000


class Change(NamedTuple):
    """Entries that appeared and entries that went; whoever did both is in both."""

    joins: list[Entry]
    leaves: list[Entry]


class Remote:
    """A copy of one node's entries, right as of `clock`; None until its first state.

    Deltas apply in the order of their clocks whatever order they come in. Early ones wait; a hole that does not
    fill is overtaken by a whole state. All of it may come twice.
    """

    def __init__(self, clock: int | None = None) -> None:
        self.clock = clock
        self.entries: dict[str, Entry] = {}
        self.heard_at = 0.0
        self.asked_at = float("-inf")
        self._early: dict[int, Delta] = {}
        self._parts: dict[int, list[Entry]] = {}
        self._parts_clock = -1

    def is_behind(self, clock: int) -> bool:
        return self.clock is None or self.clock < clock

    def apply_delta(self, delta: Delta) -> Change:
        change = Change([], [])
        if self.is_behind(delta.clock) and len(self._early) < EARLY_DELTAS:
            self._early[delta.clock] = delta
        self._catch_up(change)
        return change

    def apply_state(self, state: State) -> Change:
        change = Change([], [])
        whole = self._collect(state)
        if whole is not None and self.is_behind(state.clock):
            self._replace(whole, change)
            self.clock = state.clock
            self._catch_up(change)
        return change

    def _collect(self, state: State) -> list[Entry] | None:
        """All entries once the last part is here; parts of an older state are no use any more."""
        if state.clock < self._parts_clock:
            return None
        if state.clock > self._parts_clock:
            self._parts, self._parts_clock = {}, state.clock
        self._parts[state.part] = state.entries
        if len(self._parts) < state.parts:
            return None
        whole = [entry for entries in self._parts.values() for entry in entries]
        self._parts = {}
        return whole

    def _replace(self, entries: Iterable[Entry], change: Change) -> None:
        known, self.entries = self.entries, {entry.ref: entry for entry in entries}
        change.joins.extend(entry for ref, entry in self.entries.items() if ref not in known)
        change.leaves.extend(entry for ref, entry in known.items() if ref not in self.entries)

    def _catch_up(self, change: Change) -> None:
        if self.clock is None:
            return
        while (delta := self._early.pop(self.clock + 1, None)) is not None:
            self.clock += 1
            self._step(delta, change)
        for clock in [clock for clock in self._early if clock <= self.clock]:
            del self._early[clock]

    def _step(self, delta: Delta, change: Change) -> None:
        for entry in delta.joins:
            if entry.ref not in self.entries:
                self.entries[entry.ref] = entry
                change.joins.append(entry)
        for ref in delta.leaves:
            if (left := self.entries.pop(ref, None)) is not None:
                change.leaves.append(left)
