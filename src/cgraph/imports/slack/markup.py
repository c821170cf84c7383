"""Slack's message text to plain text.

`&`, `<` and `>` are escaped as entities; what stands in angle brackets is a link, a person, a channel or a command,
optionally with a label after a bar (docs.slack.dev: "Formatting message text").
"""

import re
from collections.abc import Mapping

_ANGLE = re.compile(r"<([^<>\s][^<>\n]*)>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_SCHEME = re.compile(r"^(?:https?://|mailto:)")


class Text:
    """A message's plain text. `mentions`: which of its words mean which person, by id."""

    def __init__(self, raw: str, channels: Mapping[str, str]) -> None:
        self._channels = channels
        self.mentions: dict[str, str] = {}
        self.plain = _unescape(_ANGLE.sub(self._angle, raw))

    def _angle(self, match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if target.startswith("@"):
            self.mentions[target] = target[1:]
            return target
        if target.startswith("#"):
            return "#" + (label or self._channels.get(target[1:], target[1:]))
        if target.startswith("!"):
            return _command(target[1:], label)
        return _link(target, label)


def _command(target: str, label: str) -> str:
    """`here`, `channel`, `everyone`, `subteam^ID`, `date^…`: the label says it best."""
    if label:
        return label if label.startswith("@") or "^" in target else f"@{label}"
    return "@" + target.rpartition("^")[2]


def _link(target: str, label: str) -> str:
    """What was written stays; an address a label hides is put behind it."""
    bare = _SCHEME.sub("", target)
    if not label or label == target:
        return bare if target.startswith("mailto:") else target
    return label if label.rstrip("/") == bare.rstrip("/") else f"{label} ({target})"


def _unescape(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text
