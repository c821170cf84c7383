"""How events become entries of the inbox."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from cgraph.notifications import Occasion, Subject, conversation
from cgraph.notifications.folding import MOST_ACTORS, Entry, folded, grouped
from cgraph.notifications.notification import Row
from cgraph_kit.ids import new_id

THEN = datetime(2026, 3, 1, tzinfo=UTC)
ANN, ID, PLACE, POST = (new_id() for _ in range(4))


def occasion(n: int = 1, actor_id: UUID | None = None, **given: Any) -> Occasion:
    """The n-th thing somebody did to a message of hers."""
    values: dict[str, Any] = {
        "user_id": ANN,
        "kind": "reaction",
        "event_id": new_id(),
        "happened_at": THEN + timedelta(minutes=n),
        "subject": Subject("message", POST),
        "actor_id": actor_id or new_id(),
        "place": conversation(PLACE),
        "seq": n,
        "object_id": POST,
    }
    return Occasion(**values | given)


def fold(*occasions: Occasion, before: Row | None = None, muted: bool = False) -> Row:
    return folded(ID, before, [Entry(one, muted) for one in occasions])


class TestFolded:
    def test_counts_events_and_people(self) -> None:
        bob, eve = new_id(), new_id()
        row = fold(occasion(1, bob), occasion(2, eve), occasion(3, bob))
        assert (row.event_count, row.actor_count, row.actor_ids) == (3, 2, [bob, eve])
        assert (row.first_event_at, row.last_event_at) == (
            THEN + timedelta(minutes=1),
            THEN + timedelta(minutes=3),
        )
        assert row.last_seq == 3

    def test_keeps_the_newest_people_and_counts_on(self) -> None:
        many = [occasion(n) for n in range(MOST_ACTORS + 7)]
        row = fold(*many)
        assert row.actor_count == MOST_ACTORS + 7
        assert row.actor_ids == [one.actor_id for one in reversed(many)][:MOST_ACTORS]

    def test_goes_on_where_it_was(self) -> None:
        before = fold(occasion(1), occasion(2))
        assert fold(occasion(3), before=before).event_count == 3

    def test_is_new_again_to_who_has_seen_it(self) -> None:
        before = replace(fold(occasion(1)), seen_at=THEN)
        assert fold(occasion(2), before=before).seen_at is None

    def test_begins_anew_once_it_was_read(self) -> None:
        before = replace(fold(occasion(1), occasion(2)), read_at=THEN, seen_at=THEN)
        row = fold(occasion(3), before=before)
        assert (row.id, row.event_count, row.read_at, row.seen_at) == (ID, 1, None, None)

    def test_is_muted_while_all_of_it_is(self) -> None:
        quiet = fold(occasion(1), muted=True)
        assert quiet.muted
        assert fold(occasion(2), before=quiet, muted=True).muted
        assert not fold(occasion(2), before=quiet).muted

    def test_of_something_nobody_did(self) -> None:
        reminder = occasion(kind="reminder", place=None, seq=None, object_id=None)
        row = fold(replace(reminder, actor_id=None))
        assert (row.scope, row.last_seq, row.payload) == (None, None, {})
        assert (row.actor_ids, row.actor_count) == ([], 0)


class TestGrouped:
    def test_has_one_group_for_each_kind_and_subject_in_the_order_of_time(self) -> None:
        late, early = occasion(2), occasion(1)
        other = occasion(3, kind="mention")
        groups = grouped([Entry(one, False) for one in (late, other, early)])
        assert [[entry.occasion for entry in group] for group in groups.values()] == [
            [early, late],
            [other],
        ]
