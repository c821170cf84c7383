"""What somebody may find, asked each time: five statements, however much there is."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph import accounts, forums, groups, messaging
from cgraph.accounts import NO_BLOCKS, Actor, Blocks
from cgraph.forums import ReadableForums
from cgraph.groups import Readable
from cgraph.messaging import ReadableConversation
from cgraph_kit.db import Repo

from .backend import Scope

UNNUMBERED = -1
"""A container of which all is read, what has no number too."""


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Who searches, and all they read now."""

    actor: Actor | None
    """None: nobody in particular, who finds what is in public forums."""
    conversations: Sequence[ReadableConversation] = ()
    groups: Readable = Readable()
    forums: ReadableForums
    blocks: Blocks = NO_BLOCKS

    @property
    def id(self) -> UUID | None:
        return None if self.actor is None else self.actor.id

    def scope(self, known_forums: Sequence[UUID] = ()) -> Scope:
        """The same as a backend asks for it.

        `known_forums`: those they have named, and may read; unlisted ones are read by whoever knows them.
        """
        ids = self.forums.ids
        excluded = ids.difference(known_forums) if self.forums.all_but else ()
        listed = () if self.forums.all_but else ids.union(known_forums)
        return Scope(
            communities=self.groups.whole,
            containers={
                **{one.id: one.joined_seq for one in self.conversations},
                **dict.fromkeys(self.groups.listed, UNNUMBERED),
                **dict.fromkeys(listed, UNNUMBERED),
            },
            excluded=self.groups.excluded,
            forums=self.forums.all_but,
            excluded_forums=excluded,
            people=self.actor is not None,
            hidden_authors=self.blocks.by,
            hidden_in_forums=self.blocks.of,
            hidden=self.forums.hidden,
            seen=self.groups.seen | self.groups.group_ids,
        )


async def get_reader(db: Repo, actor: Actor | None) -> Reader:
    """Who searches, by what every context says of them now. To nobody in particular only forums are there."""
    readable = await forums.get_readable(db, actor)
    if actor is None:
        return Reader(actor=None, forums=readable)
    return Reader(
        actor=actor,
        conversations=await messaging.list_readable_conversations(db, actor),
        groups=await groups.get_readable(db, actor),
        forums=readable,
        blocks=await accounts.get_blocks(db, actor),
    )
