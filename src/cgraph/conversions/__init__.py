"""Conversions: what was said in chat becomes a post of a forum, and a post a thread, with authors, times and order."""

from .audience import Change
from .converting import (
    Preview,
    make_post_of_thread,
    make_thread_of_post,
    preview_post,
    preview_thread,
)
from .errors import AudienceChanged, ConvertedAway, NothingToConvert, TooLongToConvert
from .kept import Target
from .limits import DEFAULT_LIMITS, Limits, limits_of
from .redirecting import lead_on

__all__ = [
    "DEFAULT_LIMITS",
    "AudienceChanged",
    "Change",
    "ConvertedAway",
    "Limits",
    "NothingToConvert",
    "Preview",
    "Target",
    "TooLongToConvert",
    "lead_on",
    "limits_of",
    "make_post_of_thread",
    "make_thread_of_post",
    "preview_post",
    "preview_thread",
]
