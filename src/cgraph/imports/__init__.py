"""Bringing people and conversations along from other systems, through the contexts' own functions.

A reader (`JsonLines`, `ChatLog`, `SlackExport`) turns an export into records; `load` takes them over.
"""

from .irc import ChatLog
from .jsonl import JsonLines
from .loading import ImportRunning, Options, load
from .records import Problem, Reader, Unreadable
from .report import Report, Summary
from .slack import SlackExport

__all__ = [
    "ChatLog",
    "ImportRunning",
    "JsonLines",
    "Options",
    "Problem",
    "Reader",
    "Report",
    "SlackExport",
    "Summary",
    "Unreadable",
    "load",
]
