"""What looks at files: the worker that makes images anew, and the scanner."""

from collections.abc import AsyncIterator

from cgraph.settings import Settings, variable
from cgraph_kit.media import Bounds, Scanner, ScannerAway, Trial, WorkerFailed, try_out

from .finding import Finding, fail, ok, warn

MIB = 1024 * 1024
PATIENCE = 20.0
"""Seconds the scanner gets for each answer."""


async def images(settings: Settings) -> Finding:
    """Whether every kind can be made anew here, by a process that is held within its bounds."""
    bounds = Bounds(settings.image_pixels_max, settings.media_memory_mib, settings.media_seconds)
    try:
        trial = await try_out(bounds)
    except WorkerFailed as error:
        advice = f"install CGraph with all it needs, or raise {variable('media_memory_mib')}"
        return fail("images", f"no image can be taken: {error}", advice)
    return _judged(trial, settings)


def _judged(trial: Trial, settings: Settings) -> Finding:
    at_once = f"{settings.media_workers} at a time with {settings.media_memory_mib} MiB each"
    state = f"libvips {trial.version}, {at_once}"
    if trial.failed:
        advice = "use the libvips of pip's pyvips[binary], or one built with these loaders"
        return fail("images", f"{state}; not {', '.join(trial.failed)}", advice)
    if not trial.held:
        advice = "run nodes where RLIMIT_AS is kept: uploads may take all memory of this machine"
        return warn("images", f"{state}, which this system does not hold them to", advice)
    return ok("images", state)


async def scanner(settings: Settings) -> AsyncIterator[Finding]:
    """Whether it answers, and looks at files as large as they may be; nothing where none is set."""
    if settings.clamav_url is None:
        return
    clamd = Scanner(settings.clamav_url, seconds=PATIENCE)
    try:
        yield ok("clamav", await clamd.ask_version())
        if not await clamd.takes(settings.file_max):
            state = f"does not look at files of {settings.file_max // MIB} MiB: they are never kept"
            advice = f"raise its StreamMaxLength, or lower {variable('file_max')}"
            yield fail("clamav", state, advice)
    except ScannerAway as error:
        advice = f"start it, or correct {variable('clamav_url')}; meanwhile uploads wait for it"
        yield fail("clamav", str(error), advice)
