"""Why a backup could not be made, tried or used. They reach the operator, never a user."""


class BackupError(Exception):
    """The message says what happened and what to do; it holds no secret."""


class NoBackup(BackupError):
    """There is no such backup, or none at all."""


class Unverified(BackupError):
    """A backup was restored to try it, and is not what was backed up."""
