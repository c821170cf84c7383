"""What comes with posts and comments: files, some of which stand in the text."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol
from uuid import UUID

from cgraph import files, previews
from cgraph.accounts import Actor
from cgraph.files import Attachment, Hung, NewAttachment
from cgraph.previews import Preview
from cgraph_kit.db import Transaction

from .limits import Limits
from .post import PostKind

POST: files.Kind = "post"
COMMENT: files.Kind = "comment"


async def attach_to_post(
    tx: Transaction,
    actor: Actor,
    post_id: UUID,
    named: Sequence[NewAttachment],
    *,
    limits: Limits,
    before: Sequence[Attachment] = (),
) -> list[Attachment]:
    """Let exactly these files come with a post that is held, or being made. Raises as `files.attach`."""
    most, hung = limits.post_attachments_max, Hung(POST, post_id)
    return await files.attach(tx, actor, hung, named, most=most, before=before)


async def attach_to_comment(
    tx: Transaction,
    actor: Actor,
    comment_id: UUID,
    named: Sequence[NewAttachment],
    *,
    limits: Limits,
    before: Sequence[Attachment] = (),
) -> list[Attachment]:
    """The same with a comment."""
    most, hung = limits.comment_attachments_max, Hung(COMMENT, comment_id)
    return await files.attach(tx, actor, hung, named, most=most, before=before)


def kind_with(kind: str, attachments: Sequence[Attachment]) -> PostKind:
    """What a post is by what comes with it: a text with an image is shown as that."""
    match kind:
        case "poll" | "link":
            return kind
    images = any(one.content_type.startswith("image/") for one in attachments)
    return "image" if images else "text"


class Bringing(Protocol):
    """A thing with its files, and what is shown of its links."""

    @property
    def id(self) -> UUID: ...

    @property
    def attachments(self) -> Sequence[Attachment]: ...

    @property
    def previews(self) -> Sequence[Preview]: ...

    @property
    def previews_off(self) -> bool: ...


async def keep_brought(
    tx: Transaction, table: Literal["posts", "comments"], things: Sequence[Bringing]
) -> None:
    """Keep what comes with things that were written without it: COPY cannot bring it."""
    brought = [
        {
            "id": str(one.id),
            "attachments": files.stored(one.attachments),
            "previews": previews.stored(one.previews),
            "previews_off": one.previews_off,
        }
        for one in things
        if one.attachments or one.previews or one.previews_off
    ]
    if brought:
        await tx.value(_BRING.format(table=table), brought)


_BRING = """
UPDATE {table} t SET attachments = v.attachments, previews = v.previews, previews_off = v.previews_off
FROM jsonb_to_recordset($1) AS v (id uuid, attachments jsonb, previews jsonb, previews_off boolean) WHERE t.id = v.id
"""


def addresses(
    attachments: Sequence[dict[str, Any]] | Sequence[Attachment] | None,
) -> dict[str, str]:
    """Where the files of a text are that stand in it: nothing but its own do."""
    ids = (one["id"] if isinstance(one, dict) else one.id for one in attachments or ())
    return {str(id): f"/api/v1/files/{id}" for id in ids}
