from collections.abc import Sequence

import pytest

from cgraph_kit.presence.entry import Entry
from cgraph_kit.presence.messages import Delta, State
from cgraph_kit.presence.remote import EARLY_DELTAS, Remote


def entry(ref: str) -> Entry:
    return Entry("room", "ann", ref, b"{}")


def delta(clock: int, joins: str = "", leaves: str = "") -> Delta:
    return Delta("n1", clock, [entry(ref) for ref in joins], list(leaves))


def state(clock: int, refs: str, part: int = 0, parts: int = 1) -> State:
    return State("n1", clock, part, parts, [entry(ref) for ref in refs])


def refs(entries: Sequence[Entry]) -> str:
    return "".join(sorted(entry.ref for entry in entries))


@pytest.fixture
def remote() -> Remote:
    """One that is known up to clock 5, when a and b were there."""
    remote = Remote()
    remote.apply_state(state(5, "ab"))
    return remote


def known(remote: Remote) -> str:
    return refs(list(remote.entries.values()))


class TestApplyDelta:
    def test_takes_the_next(self, remote: Remote) -> None:
        change = remote.apply_delta(delta(6, joins="c", leaves="a"))
        assert (refs(change.joins), refs(change.leaves)) == ("c", "a")
        assert (known(remote), remote.clock) == ("bc", 6)

    def test_ignores_what_it_has_taken(self, remote: Remote) -> None:
        for late in (delta(5, joins="x"), delta(1, leaves="a")):
            assert remote.apply_delta(late) == ([], [])
        assert known(remote) == "ab"

    def test_holds_back_what_comes_early(self, remote: Remote) -> None:
        assert remote.apply_delta(delta(8, leaves="c")) == ([], [])
        assert remote.apply_delta(delta(7, joins="d")) == ([], [])
        assert remote.is_behind(8)

        change = remote.apply_delta(delta(6, joins="c"))

        assert (refs(change.joins), refs(change.leaves)) == ("cd", "c")
        assert (known(remote), remote.clock) == ("abd", 8)

    def test_tells_each_entry_once(self, remote: Remote) -> None:
        """A state holds what the delta under way will say again."""
        assert remote.apply_delta(delta(6, joins="b", leaves="z")) == ([], [])
        assert remote.clock == 6

    def test_believes_nothing_before_the_first_state(self) -> None:
        remote = Remote()
        assert remote.apply_delta(delta(7, joins="c")) == ([], [])
        assert refs(remote.apply_state(state(6, "ab")).joins) == "abc"

    def test_does_not_hold_back_without_end(self) -> None:
        remote = Remote()
        for clock in range(2 * EARLY_DELTAS):
            remote.apply_delta(delta(clock, joins="x"))
        assert len(remote._early) == EARLY_DELTAS


class TestApplyState:
    def test_replaces_what_was_known(self, remote: Remote) -> None:
        change = remote.apply_state(state(9, "bc"))
        assert (refs(change.joins), refs(change.leaves)) == ("c", "a")
        assert (known(remote), remote.clock) == ("bc", 9)

    def test_ignores_an_older_one(self, remote: Remote) -> None:
        remote.apply_delta(delta(6, joins="c"))
        remote.apply_delta(delta(7, joins="d"))
        for clock in (4, 6):
            assert remote.apply_state(state(clock, "xyz")) == ([], [])
        assert (known(remote), remote.clock) == ("abcd", 7)

    def test_forgets_the_deltas_it_holds_already(self, remote: Remote) -> None:
        remote.apply_delta(delta(7, joins="c"))
        remote.apply_delta(delta(9, joins="d"))
        change = remote.apply_state(state(8, "ab"))
        assert change == ([entry("d")], [])
        assert known(remote) == "abd"
        assert not remote._early

    def test_waits_for_all_parts_in_any_order(self, remote: Remote) -> None:
        assert remote.apply_state(state(9, "c", part=2, parts=3)) == ([], [])
        assert remote.apply_state(state(9, "a", part=0, parts=3)) == ([], [])
        assert remote.apply_state(state(9, "a", part=0, parts=3)) == ([], [])
        assert refs(remote.apply_state(state(9, "d", part=1, parts=3)).joins) == "cd"
        assert known(remote) == "acd"

    def test_never_mixes_two_states(self, remote: Remote) -> None:
        remote.apply_state(state(9, "a", part=0, parts=2))
        remote.apply_state(state(10, "x", part=1, parts=2))
        assert remote.apply_state(state(9, "b", part=1, parts=2)) == ([], [])
        remote.apply_state(state(10, "y", part=0, parts=2))
        assert (known(remote), remote.clock) == ("xy", 10)
