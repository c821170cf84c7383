"""Bringing people, conversations, groups and forums along from other systems, through the contexts' own functions.

A reader (`JsonLines`, `ChatLog`, `SlackExport`, `Discourse`, `Lemmy`) turns an export into records; `load` takes them over.
"""

from .discourse import Discourse
from .irc import ChatLog
from .jsonl import JsonLines
from .lemmy import Lemmy
from .loading import ImportRunning, Options, load
from .records import Problem, Reader, Unreadable
from .report import Report, Summary
from .slack import SlackExport

__all__ = [
    "ChatLog",
    "Discourse",
    "ImportRunning",
    "JsonLines",
    "Lemmy",
    "Options",
    "Problem",
    "Reader",
    "Report",
    "SlackExport",
    "Summary",
    "Unreadable",
    "load",
]
