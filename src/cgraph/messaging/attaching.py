"""What comes with words, or instead of them: files, and somebody's voice."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cgraph import files
from cgraph.accounts import Actor
from cgraph.files import Attachment, Hung, NewAttachment
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input

from .content import check_content, is_blank
from .limits import Limits

MESSAGE: files.Kind = "message"
SCHEDULED_MESSAGE: files.Kind = "scheduled_message"
"""What files hang on until it is said."""
SAMPLES = 256
"""Of a waveform, at most."""
WAVEFORM = 4 * -(-SAMPLES // 3)
"""Characters of one."""


class NewVoice(Input, frozen=True):
    """What a voice message has besides its file."""

    waveform: Annotated[str, msgspec.Meta(max_length=WAVEFORM, examples=["AAQIECBAgP8="])]
    """How loud it is, from its beginning to its end: 1 to 256 bytes, one a sample, as base64."""
    duration: Annotated[float, msgspec.Meta(gt=0, le=86_400)] | None = None
    """Seconds. What the file itself says goes before it; where that says nothing it is required."""

    def __post_init__(self) -> None:
        try:
            samples = base64.b64decode(self.waveform, validate=True)
        except (binascii.Error, ValueError):
            samples = b""
        if not 1 <= len(samples) <= SAMPLES:
            raise Invalid.field("voice.waveform", f"must be 1 to {SAMPLES} bytes as base64")


class Voice(msgspec.Struct, frozen=True):
    """A voice message; the sound is its only attachment."""

    duration: float
    """Seconds."""
    waveform: str
    """How loud it is, from its beginning to its end: 1 to 256 bytes, one a sample, as base64."""


class Brought(msgspec.Struct, frozen=True):
    """What comes with a message, ready to be shown."""

    attachments: Sequence[Attachment] = ()
    voice: Voice | None = None


NOTHING = Brought()


def check_said(
    content: str,
    attachments: Sequence[NewAttachment],
    voice: NewVoice | None,
    limits: Limits,
) -> None:
    """Raise `Invalid` for a message that says nothing, too much, or with a voice anything else."""
    if voice is not None:
        if len(attachments) != 1:
            raise Invalid.field("attachments", "must be the voice, and nothing else")
        if content:
            raise Invalid.field("content", "cannot be given with a voice")
    elif not attachments or not is_blank(content):
        check_content(content, limits)


async def bring(
    tx: Transaction,
    actor: Actor,
    hung: Hung,
    named: Sequence[NewAttachment],
    voice: NewVoice | None,
    *,
    limits: Limits,
    before: Sequence[Attachment] = (),
) -> Brought:
    """Let these files come with a message, as `files.attach` does. Raises as that, and `Invalid` for what is no voice."""
    most = limits.message_attachments_max
    attached = await files.attach(tx, actor, hung, named, most=most, before=before)
    return Brought(attached, None if voice is None else _voice(attached[0], voice, limits))


def _voice(file: Attachment, given: NewVoice, limits: Limits) -> Voice:
    if not file.content_type.startswith("audio/"):
        raise Invalid.field("attachments", "is not a sound")
    if file.size > limits.voice_bytes_max:
        raise Invalid.field("attachments", f"must have at most {limits.voice_bytes_max} bytes")
    duration = file.duration if file.duration is not None else given.duration
    if duration is None:
        raise Invalid.field("voice.duration", "is required: the file does not say it")
    if duration > limits.voice_seconds_max:
        raise Invalid.field("voice.duration", f"must be at most {limits.voice_seconds_max} seconds")
    return Voice(duration, given.waveform)


def voice_of(stored: dict[str, Any] | None) -> Voice | None:
    """What was kept of one."""
    return None if stored is None else Voice(**stored)


async def let_go(tx: Transaction, message_ids: Sequence[UUID]) -> None:
    """Nothing comes with these messages any more, and what hangs on nothing else is gone. The caller holds them."""
    await files.release(tx, MESSAGE, message_ids)


def attached_types(alias: str) -> str:
    """The content types of what came with a message, in SQL; null: nothing."""
    return f"jsonb_path_query_array({alias}.attachments, '$[*].content_type')"


def words_of(types: Sequence[str] | None, *, voice: bool = False) -> str | None:
    """What to say of a message without words."""
    if not types:
        return None
    if voice:
        return "sent a voice message"
    kinds = {_NAMES.get(type.partition("/")[0], "file") for type in types}
    kind = kinds.pop() if len(kinds) == 1 else "file"
    if len(types) == 1:
        return f"sent {'an' if kind == 'image' else 'a'} {kind}"
    return f"sent {len(types)} {kind}s"


_NAMES = {"image": "image", "video": "video"}
