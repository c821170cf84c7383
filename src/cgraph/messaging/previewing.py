"""Previews of the links in what is said: asked for with the text, shown when they are there, suppressed by who may."""

from collections.abc import Sequence
from uuid import UUID

from cgraph import previews
from cgraph.accounts import Actor
from cgraph.previews import Placed, Preview
from cgraph_kit.db import Repo, Transaction, columns

from .access import Access
from .errors import MessageNotFound, NotAuthor
from .events import PreviewsPayload, PreviewsUpdated
from .gates import PARTICIPANTS, Gate
from .limits import DEFAULT_LIMITS, Limits
from .message import TEXT, Message, NewMessage
from .reading import read_message
from .stored import Stored, hold_live_message, tell


def links_of(new: NewMessage, access: Access | None, limits: Limits) -> Sequence[str]:
    """The links of what is to be said that are to be shown with a preview."""
    if new.suppress_previews or (access is not None and not access.embeds_links):
        return ()
    return previews.find_links(new.content, limits.link_previews_max)


async def ask_for(
    tx: Transaction, place_id: UUID, message_id: UUID, links: Sequence[str], *, off: bool
) -> None:
    """Have these links of a message that is being said looked at. `off`: none ever."""
    if links:
        await previews.want(tx, Placed("message", message_id, place_id), links)
    if off:
        await tx.value(_SWITCH, place_id, message_id, True)


async def follow_edit(
    tx: Transaction, access: Access, message: Stored, content: str, limits: Limits
) -> None:
    """Let a held message that says something else now lead to the links of that."""
    if message.previews_off:
        return
    before = previews.find_links(message.content, limits.link_previews_max)
    after: Sequence[str] = ()
    if access.embeds_links:
        after = previews.find_links(content, limits.link_previews_max)
    if before == after and (after or not message.previews):
        return
    await previews.want(tx, _placed(message), after)
    kept = [one for one in previews.from_stored(message.previews) if one.url in after]
    await _show(tx, message, kept)


async def show_previews(tx: Transaction, placed: Placed) -> None:
    """Show what is there of the links in a message, and tell everybody; nothing where it is gone."""
    message = await tx.first(Stored, _HOLD, placed.place_id, placed.item_id)
    # The stream before the links, as who takes them elsewhere: it has the stream, and takes them.
    if message is not None and await tx.value(_HOLD_STREAM, placed.place_id):
        await _show(tx, message, await previews.list_ready(tx, placed))


async def set_previews_suppressed(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    message_id: UUID,
    *,
    suppressed: bool,
    limits: Limits = DEFAULT_LIMITS,
    gate: Gate = PARTICIPANTS,
) -> Message:
    """Show no previews with a message any more, or have its links looked at anew; as it is already: nothing happens.

    Its author may, and who may delete it. Raises `ConversationNotFound` (or what the gate does), `MessageNotFound` (also for
    system messages), `NotAuthor`.
    """
    async with db.transaction() as tx:
        access = await gate.hold(tx, actor, conversation_id)
        message = await hold_live_message(tx, access, message_id)
        if message.kind != TEXT:
            raise MessageNotFound
        if not access.deletes(actor.id, message.sender_id):
            raise NotAuthor
        if message.previews_off != suppressed:
            await tx.value(_SWITCH, conversation_id, message_id, suppressed)
            links: Sequence[str] = ()
            if not suppressed and access.embeds_links:
                links = previews.find_links(message.content, limits.link_previews_max)
            # The stream before the jobs, as whoever says something takes them.
            await _tell(tx, message, [], suppressed=suppressed)
            await previews.want(tx, _placed(message), links)
        return await read_message(tx, actor, access, message_id)


async def _show(tx: Transaction, message: Stored, shown: Sequence[Preview]) -> None:
    if previews.stored(shown) != message.previews:
        await _tell(tx, message, shown, suppressed=message.previews_off)


async def _tell(
    tx: Transaction, message: Stored, shown: Sequence[Preview], *, suppressed: bool
) -> None:
    place_id = message.conversation_id
    payload = PreviewsPayload(place_id, message.id, message.seq, shown, suppressed)
    event = await tell(tx, PreviewsUpdated, payload, id=message.id)
    await tx.value(_KEEP, place_id, message.id, previews.stored(shown), event.seq)


def _placed(message: Stored) -> Placed:
    return Placed("message", message.id, message.conversation_id)


_HOLD = f"""
SELECT {columns(Stored)} FROM messages
WHERE conversation_id = $1 AND id = $2 AND deleted_at IS NULL AND NOT previews_off FOR NO KEY UPDATE
"""
_HOLD_STREAM = "SELECT true FROM streams WHERE id = $1 FOR NO KEY UPDATE"
_KEEP = """
UPDATE messages SET previews = $3, preview_seqs = preview_seqs || $4::bigint WHERE conversation_id = $1 AND id = $2
"""
_SWITCH = "UPDATE messages SET previews_off = $3 WHERE conversation_id = $1 AND id = $2"
