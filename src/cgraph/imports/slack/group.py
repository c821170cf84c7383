"""A workspace as a group: its channels, and who is in it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from cgraph.imports.records import Channel, Group, Item
from cgraph.imports.records import Member as Joined

from .shapes import Member, Place

CHANNELS = ("channels.json", "groups.json")
"""Lists of what becomes a channel; the second those of private ones."""
GROUP = "workspace"
"""The group's id: a workspace has one."""


def workspace(
    name: str, members: Sequence[Member], places: Sequence[tuple[str, Place]]
) -> Iterator[Item]:
    """The group, and everybody who has not left the workspace."""
    here = [member for member in members if not member.deleted]
    yield Item("users.json", Group(id=GROUP, name=name, owner=_owner(here, places)))
    for member in here:
        yield Item(f"users.json, {member.id}", Joined(group=GROUP, user=member.id))


def channel(file: str, place: Place, created: datetime | None) -> Channel:
    """A channel; a private one is seen by those who were in it. An archived one can only be read."""
    private = file != CHANNELS[0]
    return Channel(
        id=place.id,
        group=GROUP,
        name=place.name or place.id,
        topic=place.topic.value or None,
        members=(place.members or ()) if private else None,
        archived_at=(created or datetime.now(UTC)) if place.is_archived else None,
        inserted_at=created,
    )


def _owner(members: Sequence[Member], places: Sequence[tuple[str, Place]]) -> str:
    """Whom the workspace belongs to: where the export does not tell, who made its first channel."""
    primary = [member.id for member in members if member.is_primary_owner]
    owners = [member.id for member in members if member.is_owner]
    makers = [place.creator for _, place in places if place.creator]
    people = [member.id for member in members if not member.is_bot]
    return next(iter([*primary, *owners, *makers, *people]), GROUP)
