"""Dumps of a database, made of one moment of it, and what is made of them again."""

from .address import demands_tls, with_database
from .database import Server, alone, connected, look, snapshot
from .errors import Busy, Damaged, DumpError, NotEmpty, ToolsUnusable
from .facts import Applied, Facts, differences, gather
from .programs import dumping, restore
from .scratch import is_empty, others, scratch, successor, throwaway
from .tools import Tools, check_restorable, find_tools, major_of

__all__ = [
    "Applied",
    "Busy",
    "Damaged",
    "DumpError",
    "Facts",
    "NotEmpty",
    "Server",
    "Tools",
    "ToolsUnusable",
    "alone",
    "check_restorable",
    "connected",
    "demands_tls",
    "differences",
    "dumping",
    "find_tools",
    "gather",
    "is_empty",
    "look",
    "major_of",
    "others",
    "restore",
    "scratch",
    "snapshot",
    "successor",
    "throwaway",
    "with_database",
]
