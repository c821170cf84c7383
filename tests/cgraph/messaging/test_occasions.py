"""Whom the events of a conversation concern, and as what."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph.messaging.occasions import (
    Event,
    Happened,
    Logged,
    Message,
    Participant,
    Told,
    occasions,
)
from cgraph.messaging.policy import Kind
from cgraph.notifications import Subject
from cgraph_kit.ids import new_id

ANN, BOB, EVE, PLACE = (new_id() for _ in range(4))
THEN = datetime(2026, 3, 1, tzinfo=UTC)
EVERYBODY = [Participant(id, 0, 0) for id in (ANN, BOB, EVE)]


def message(seq: int = 1, sender_id: UUID | None = ANN, *, gone: bool = False) -> Message:
    return Message(new_id(), seq, sender_id, gone)


def happened(type: str, about: Message, seq: int | None = None, **given: Any) -> Happened:
    answered, gone = given.pop("answered", None), given.pop("gone", about.gone)
    event = Event(seq or about.seq, type, "", THEN)
    about = msgspec.structs.replace(about, mentions=given.pop("by_now", given.get("mentions", ())))
    return Happened(event, Logged(id=about.id, **given), about, answered, gone)


def said(about: Message, **given: Any) -> Happened:
    return happened("new_message", about, sender_id=about.sender_id, **given)


def told(*events: Happened, kind: Kind = "group", people: Any = EVERYBODY, before: Any = ()) -> Any:
    """Who is told of what, as what."""
    found = occasions(kind, PLACE, events, people, before)
    return {(one.user_id, one.kind) for one in found}


class TestSaid:
    def test_is_a_message_to_everybody_else(self) -> None:
        assert told(said(message())) == {(BOB, "message"), (EVE, "message")}

    def test_a_name_says_more_than_an_answer(self) -> None:
        answer = said(message(2), mentions=[BOB], answered=message(1, BOB))
        assert told(answer) == {(BOB, "mention"), (EVE, "message")}

    def test_a_name_that_was_edited_away_says_nothing(self) -> None:
        assert told(said(message(), mentions=[BOB, EVE], by_now=[EVE])) == {
            (BOB, "message"),
            (EVE, "mention"),
        }
        edited = happened("message_edited", message(), 2, mentions=[BOB], by_now=[])
        assert told(edited) == set()

    def test_answers_whoever_is_answered(self) -> None:
        assert told(said(message(2), answered=message(1, EVE))) == {
            (BOB, "message"),
            (EVE, "reply"),
        }
        own = said(message(2), answered=message(1, ANN))
        assert told(own) == {(BOB, "message"), (EVE, "message")}

    def test_is_a_word_to_one_alone_before_all_else(self) -> None:
        pair = EVERYBODY[:2]
        assert told(said(message(), mentions=[BOB]), kind="direct", people=pair) == {(BOB, "dm")}

    def test_concerns_nobody_who_came_later(self) -> None:
        late = [Participant(BOB, 5, 5)]
        assert told(said(message(5)), people=late) == set()
        assert told(said(message(6)), people=late) == {(BOB, "message")}

    def test_concerns_who_has_left_since_but_not_who_had(self) -> None:
        people = [Participant(BOB, 0, 0, left_seq=4), Participant(EVE, 0, 0, left_seq=3)]
        (one,) = occasions("group", PLACE, [said(message(4))], people, ())
        assert (one.user_id, one.may_see) == (BOB, False)

    def test_has_the_ids_that_belong_to_it(self) -> None:
        first, answered = message(4), message(2, BOB)
        (one,) = occasions("group", PLACE, [said(first, answered=answered)], EVERYBODY[:2], ())
        assert (one.event_id, one.object_id, one.seq) == (first.id, first.id, 4)
        assert one.subject == Subject("message", answered.id)
        assert one.place == notifications.conversation(PLACE)

    def test_is_read_by_who_has_got_there(self) -> None:
        people = [Participant(BOB, 0, 4), Participant(EVE, 0, 3)]
        found = occasions("group", PLACE, [said(message(4))], people, ())
        assert {one.user_id: one.read for one in found} == {BOB: True, EVE: False}

    def test_is_gone_where_it_was_deleted(self) -> None:
        found = occasions("group", PLACE, [said(message(gone=True))], EVERYBODY, ())
        assert all(one.gone for one in found)


class TestEdited:
    def test_concerns_the_newly_mentioned_once(self) -> None:
        about = message()
        edits = [
            happened("message_edited", about, seq, sender_id=ANN, mentions=[BOB, ANN])
            for seq in (2, 3)
        ]
        (one,) = occasions("group", PLACE, edits, EVERYBODY, ())
        assert (one.user_id, one.kind, one.seq) == (BOB, "mention", 2)
        assert one.event_id == notifications.event_id(PLACE, 2)
        assert one.object_id == about.id

    def test_concerns_nobody_who_was_told_of_the_mention(self) -> None:
        about = message()
        edit = happened("message_edited", about, 2, sender_id=ANN, mentions=[BOB])
        assert told(edit, before=[Told(about.id, BOB)]) == set()
        first = said(about, mentions=[BOB])
        assert told(first, edit) == {(BOB, "mention"), (EVE, "message")}

    def test_says_nothing_new_between_two(self) -> None:
        edit = happened("message_edited", message(), 2, sender_id=ANN, mentions=[BOB])
        assert told(edit, kind="direct") == set()


class TestReacted:
    def test_concerns_whose_message_it_is(self) -> None:
        reaction = happened("reaction_added", message(), 2, user_id=BOB, emoji="👍")
        assert told(reaction) == {(ANN, "reaction")}
        own = happened("reaction_added", message(), 2, user_id=ANN, emoji="👍")
        assert told(own) == set()

    def test_concerns_nobody_who_has_long_left(self) -> None:
        reaction = happened("reaction_added", message(), 2, user_id=BOB, emoji="👍")
        assert told(reaction, people=EVERYBODY[1:]) == set()


class TestOthers:
    def test_concern_nobody(self) -> None:
        for type in ("message_deleted", "reaction_removed", "message_unpinned"):
            assert told(happened(type, message(), 2)) == set()

    def test_are_read_by_the_same_decoder(self) -> None:
        pinned = msgspec.json.decode(
            b'{"id": "%b", "kind": "pinned"}' % str(ANN).encode(), type=Logged
        )
        assert (pinned.about, pinned.kind) == (ANN, "pinned")
