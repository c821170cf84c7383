"""Embedded servers: start, watch and stop them."""

from .errors import (
    AlreadyRunning,
    BinariesMissing,
    DirectoryUnusable,
    Ended,
    EngineError,
    StartFailed,
    VersionMismatch,
)
from .postgres import PostgresServer, embedded_postgres
from .valkey import ValkeyServer, embedded_valkey

__all__ = [
    "AlreadyRunning",
    "BinariesMissing",
    "DirectoryUnusable",
    "Ended",
    "EngineError",
    "PostgresServer",
    "StartFailed",
    "ValkeyServer",
    "VersionMismatch",
    "embedded_postgres",
    "embedded_valkey",
]
