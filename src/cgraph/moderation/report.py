"""A report: as it is made, and as its reporter sees it afterwards."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from cgraph_kit.errors import Invalid
from cgraph_kit.validation import NO_NUL, Input

from .scoring import Reason

ItemKind = Literal["message", "post", "comment", "user"]
State = Literal["pending", "approved", "rejected", "ignored"]


class NewReport(Input, frozen=True):
    """Something moderators should look at."""

    kind: ItemKind
    id: UUID
    """Of the message, post, comment or person."""
    reason: Reason
    note: Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern=NO_NUL)] | None = None
    """More about it, for the moderators."""
    conversation_id: UUID | None = None
    """With a message: the conversation, channel or thread it is in."""

    def __post_init__(self) -> None:
        if (self.kind == "message") != (self.conversation_id is not None):
            wanted = "is required" if self.kind == "message" else "goes with messages only"
            raise Invalid.field("conversation_id", wanted)


class Report(msgspec.Struct, frozen=True):
    """What one has reported, and what became of it."""

    id: UUID
    kind: ItemKind
    item_id: UUID
    container_id: UUID | None
    """The conversation, channel, thread or post it is in."""
    reason: Reason
    note: str | None
    state: State
    """`approved`: moderators agreed; `rejected`: they saw nothing wrong; `ignored`: nothing was decided."""
    inserted_at: datetime
    resolved_at: datetime | None
