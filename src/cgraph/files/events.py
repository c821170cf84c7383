"""What has happened to somebody's files; for all their devices, durable in their own stream."""

from typing import ClassVar

from cgraph.accounts import UserEvent

from .file import File


class FileReady(UserEvent, frozen=True):
    """It can be attached and read."""

    type: ClassVar[str] = "file_ready"
    payload: File


class FileRefused(UserEvent, frozen=True):
    """It is not kept; `refusal` says why."""

    type: ClassVar[str] = "file_refused"
    payload: File


DurableEvent = FileReady | FileRefused
