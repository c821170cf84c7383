"""Whom the events of a conversation's log concern, and as what. Pure."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph.notifications import Occasion, Scope, Subject

from .access import topic_of
from .message import TEXT
from .policy import AnyKind

MENTION: notifications.Kind = "mention"


class Event(msgspec.Struct, frozen=True):
    """An event of the log."""

    seq: int
    type: str
    payload: str
    inserted_at: datetime


class Logged(msgspec.Struct, frozen=True):
    """Of an event's payload what matters here."""

    id: UUID | None = None
    message_id: UUID | None = None
    kind: str = TEXT
    sender_id: UUID | None = None
    user_id: UUID | None = None
    emoji: str | None = None
    reply_to_id: UUID | None = None
    mentions: Sequence[UUID] = ()
    mention_roles: Sequence[UUID] = ()

    @property
    def about(self) -> UUID | None:
        """The message that was said, or that something became of."""
        return self.id or self.message_id


class Message(msgspec.Struct, frozen=True):
    """A message of the conversation."""

    id: UUID
    seq: int
    sender_id: UUID | None
    gone: bool
    mentions: Sequence[UUID] = ()
    """Whom it mentions by now."""


class Participant(msgspec.Struct, frozen=True):
    """Somebody who is in the conversation, or has just left it."""

    user_id: UUID
    joined_seq: int
    read_seq: int
    left_seq: int | None = None
    listens: bool = True
    """They hear of everything said there; in channels only who wants to."""
    follows: bool = False
    """They follow the thread it is."""

    def heard(self, seq: int) -> bool:
        """Whether they were there when something happened, of what they could see."""
        return self.left_seq is None or self.left_seq >= seq


class Happened(msgspec.Struct, frozen=True):
    """An event and the messages it is about."""

    event: Event
    logged: Logged
    message: Message
    answered: Message | None
    gone: bool
    """It was taken back."""

    def names(self, user_id: UUID) -> bool:
        """Whether it mentioned somebody, and was not edited since so that it does no more."""
        by_now = self.message.gone or user_id in self.message.mentions
        return by_now and user_id in self.logged.mentions


class Told(msgspec.Struct, frozen=True):
    """Somebody was told that a message mentions them."""

    message_id: UUID
    user_id: UUID


def place_of(kind: AnyKind, conversation_id: UUID) -> Scope:
    """The scope of preferences for what is said there."""
    return Scope(topic_of(kind), conversation_id)


def occasions(
    kind: AnyKind,
    conversation_id: UUID,
    happened: Sequence[Happened],
    people: Collection[Participant],
    told: Collection[Told],
) -> list[Occasion]:
    """What each of these people may be told of; each once of a mention in a message, however often it is edited."""
    mentioned = set(told)
    found: list[Occasion] = []
    for one in happened:
        for occasion in _of(kind, conversation_id, one, people):
            mention = Told(one.message.id, occasion.user_id)
            if occasion.kind == MENTION and mention in mentioned:
                continue
            if occasion.kind == MENTION:
                mentioned.add(mention)
            found.append(occasion)
    return found


def _of(
    kind: AnyKind, conversation_id: UUID, one: Happened, people: Collection[Participant]
) -> Iterator[Occasion]:
    there = [
        person
        for person in people
        if person.joined_seq < one.message.seq and person.heard(one.event.seq)
    ]
    match one.event.type:
        case "new_message":
            yield from _said(kind, conversation_id, one, there)
        case "message_edited" if kind not in {"direct", "self"}:
            named = [person for person in there if one.names(person.user_id)]
            yield from _became(place_of(kind, conversation_id), one, named, MENTION)
        case "reaction_added":
            author = [person for person in there if person.user_id == one.message.sender_id]
            yield from _became(place_of(kind, conversation_id), one, author, "reaction")


def _said(
    kind: AnyKind, conversation_id: UUID, one: Happened, there: Collection[Participant]
) -> Iterator[Occasion]:
    message, place = one.message, place_of(kind, conversation_id)
    for person in there:
        what, subject = _as_what(kind, one, person, Subject(place.kind, place.id))
        if person.user_id == message.sender_id or (what == "message" and not person.listens):
            continue
        yield Occasion(
            user_id=person.user_id,
            kind=what,
            event_id=message.id,
            happened_at=one.event.inserted_at,
            subject=subject,
            actor_id=message.sender_id,
            place=place,
            seq=one.event.seq,
            object_id=message.id,
            gone=one.gone,
            read=person.read_seq >= one.event.seq,
            may_see=person.left_seq is None,
        )


def _as_what(
    kind: AnyKind, one: Happened, person: Participant, place: Subject
) -> tuple[notifications.Kind, Subject]:
    """Words to one person alone are that before all else; a name says more than an answer."""
    if kind == "direct":
        return "dm", place
    if one.names(person.user_id):
        return MENTION, Subject("message", one.message.id)
    if one.answered is not None and one.answered.sender_id == person.user_id:
        return "reply", Subject("message", one.answered.id)
    return "thread_reply" if person.follows else "message", place


def _became(
    place: Scope, one: Happened, people: Collection[Participant], kind: notifications.Kind
) -> Iterator[Occasion]:
    actor_id = one.logged.user_id if kind == "reaction" else one.logged.sender_id
    for person in people:
        if person.user_id != actor_id:
            yield Occasion(
                user_id=person.user_id,
                kind=kind,
                event_id=notifications.event_id(place.id, one.event.seq),
                happened_at=one.event.inserted_at,
                subject=Subject("message", one.message.id),
                actor_id=actor_id,
                place=place,
                seq=one.event.seq,
                object_id=one.message.id,
                gone=one.gone,
                read=person.read_seq >= one.event.seq,
                may_see=person.left_seq is None,
            )
