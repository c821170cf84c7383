"""Files that come with what people say: as they are named, hung and kept as they are shown."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph.accounts import Actor
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input, Text

from .attaching import Hung, claim, release_files
from .errors import FileNotFound, FileNotReady, TooManyFiles
from .file import ALT_MAX, Attachment

ATTACHING = (FileNotFound, FileNotReady, TooManyFiles)
"""What may be wrong with files that are named, beside `Invalid`."""


class NewAttachment(Input, frozen=True):
    """A file that comes with something; of one that did before, what is left out stays."""

    file_id: UUID
    alt_text: Annotated[Text, msgspec.Meta(min_length=1, max_length=ALT_MAX)] | UnsetType | None = (
        UNSET
    )
    """What is to be seen or heard, here; left out: what was said of the file."""
    spoiler: bool | UnsetType = UNSET
    """To be shown only when it is asked for."""


async def attach(
    tx: Transaction,
    actor: Actor,
    hung: Hung,
    named: Sequence[NewAttachment],
    *,
    most: int,
    before: Sequence[Attachment] = (),
) -> list[Attachment]:
    """Let exactly these files come with a thing, in this order; of those that did before, the others are released.

    The caller holds the thing, or is making it. Raises `FileNotFound` for a file that is neither the actor's own nor among
    those before, `FileNotReady` (with `state`), `TooManyFiles` (with `limit`), and `Invalid` for one named twice; each
    names `attachments`.
    """
    ids = [one.file_id for one in named]
    if len(set(ids)) < len(ids):
        raise Invalid.field("attachments", "names a file twice")
    if len(ids) > most:
        raise TooManyFiles(fields={"attachments": [f"must be at most {most}"]}, limit=most)
    known = {one.id: one for one in before}
    gone = [id for id in known if id not in set(ids)]
    await release_files(tx, hung.kind, hung.item_id, gone)
    added = [id for id in ids if id not in known]
    known |= {one.id: one for one in await _claim(tx, actor, hung, added, most=most)}
    return [_shown(known[one.file_id], one) for one in named]


async def _claim(
    tx: Transaction, actor: Actor, hung: Hung, ids: Sequence[UUID], *, most: int
) -> list[Attachment]:
    try:
        return await claim(
            tx,
            actor,
            ids,
            kind=hung.kind,
            item_id=hung.item_id,
            place_id=hung.place_id,
            most=most,
        )
    except FileNotFound:
        reason = "names a file that is not there, or not yours"
        raise FileNotFound(fields={"attachments": [reason]}) from None
    except FileNotReady as error:
        reason = "names a file that is not ready"
        raise FileNotReady(fields={"attachments": [reason]}, **error.extra) from None


def _shown(file: Attachment, named: NewAttachment) -> Attachment:
    given: dict[str, Any] = {}
    if named.alt_text is not UNSET:
        given["alt_text"] = named.alt_text
    if named.spoiler is not UNSET:
        given["spoiler"] = named.spoiler
    return msgspec.structs.replace(file, **given) if given else file


def stored(attachments: Sequence[Attachment]) -> list[dict[str, Any]] | None:
    """As they are kept beside what they came with."""
    return msgspec.to_builtins(attachments) if attachments else None


def from_stored(rows: Sequence[dict[str, Any]] | None) -> list[Attachment]:
    """What was kept so."""
    return msgspec.convert(rows, list[Attachment]) if rows else []
