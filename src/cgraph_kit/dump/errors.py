"""Why a dump or a restore did not come about. For the operator: the messages say what to do, and hold no secret."""


class DumpError(Exception):
    """It was tried and failed; what was half done is gone."""


class ToolsUnusable(DumpError):
    """No pg_dump and pg_restore that could speak with this server."""


class Busy(DumpError):
    """Another process is at it."""


class NotEmpty(DumpError):
    """There is something where nothing may be."""


class Damaged(DumpError):
    """The dump is not what was written."""
