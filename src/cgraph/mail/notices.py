"""What happened while a person was away, as one letter: pure, from what there is to tell to subject and values."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from .inert import Link, shortened
from .letters import Letter, one_line

PLACES = 8
"""Places one letter shows; of the rest it says how much there is."""
PER_PLACE = 5
EXCERPT = 240
"""Characters shown of a text: it is to be read where it was written."""
NAME = 64


class Item(msgspec.Struct, frozen=True):
    """One thing that happened."""

    who: str
    """Who did it, as they want to be called; or "Somebody"."""
    what: str
    """What they did, to be read behind that: `mentioned you`."""
    at: datetime
    text: str | None = None
    """What they wrote, where the mail may say it."""


class Place(msgspec.Struct, frozen=True):
    """Where things happened: they are told together, and mail of them can be ended together."""

    kind: str
    """What sort of place: `conversation`."""
    id: UUID
    items: Sequence[Item]
    """The oldest first."""
    title: str | None = None
    """None: it is known by who wrote there."""
    link: Link | None = None
    """Where it can be looked at."""


class WayOut(msgspec.Struct, frozen=True):
    """What ends mail like this."""

    label: str
    link: Link


class Notification(Letter, frozen=True, kw_only=True):
    """One thing that happened."""

    template = "notification"
    place: Place
    item: Item
    ways_out: Sequence[WayOut]

    @property
    def subject(self) -> str:
        done = f"{self.item.who} {self.item.what}"
        return one_line(f"{done} in {self.place.title}" if self.place.title else done)

    @property
    def thread(self) -> str | None:
        return _thread(self.place)

    @property
    def unsubscribe(self) -> Link | None:
        return self.ways_out[0].link


class ShownPlace(msgspec.Struct, frozen=True):
    """A place as the letter shows it."""

    title: str
    items: Sequence[Item]
    more: int
    link: Link | None


class Notifications(Letter, frozen=True, kw_only=True):
    """Several of them, by place."""

    template = "notifications"
    subject_line: str
    about: str | None
    """The thread, where it is all of one place."""
    places: Sequence[ShownPlace]
    more: int
    """Things that happened in places that are not shown."""
    ways_out: Sequence[WayOut]

    @property
    def subject(self) -> str:
        return self.subject_line

    @property
    def thread(self) -> str | None:
        return self.about

    @property
    def unsubscribe(self) -> Link | None:
        return self.ways_out[0].link


def notice(to: str, places: Sequence[Place], ways_out: Sequence[WayOut]) -> Letter | None:
    """One letter about all of it; None where there is nothing to tell.

    `ways_out`: the first is what mail programs offer as "unsubscribe".
    """
    places = [_trimmed(place) for place in places if place.items]
    count = sum(len(place.items) for place in places)
    if count == 0:
        return None
    if count == 1:
        (place,) = places
        return Notification(to=to, place=place, item=place.items[0], ways_out=ways_out)
    shown = [_shown(place) for place in places[:PLACES]]
    only = places[0] if len(places) == 1 else None
    where = f" in {only.title}" if only and only.title else ""
    return Notifications(
        to=to,
        subject_line=one_line(f"{count} new notifications{where}"),
        about=_thread(only) if only else None,
        places=shown,
        more=sum(len(place.items) for place in places[PLACES:]),
        ways_out=ways_out,
    )


def _thread(place: Place) -> str:
    return f"{place.kind}.{place.id}"


def _trimmed(place: Place) -> Place:
    title = None if place.title is None else shortened(place.title, NAME)
    items = [
        Item(
            who=shortened(item.who, NAME),
            what=item.what,
            at=item.at,
            text=None if item.text is None else shortened(item.text, EXCERPT),
        )
        for item in place.items
    ]
    return msgspec.structs.replace(place, title=title, items=items)


def _shown(place: Place) -> ShownPlace:
    """The newest count: who has more to read reads it there."""
    return ShownPlace(
        title=place.title or place.items[-1].who,
        items=place.items[-PER_PLACE:],
        more=max(0, len(place.items) - PER_PLACE),
        link=place.link,
    )
