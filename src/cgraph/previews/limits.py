"""How pages are asked, as the operator set it."""

from importlib.metadata import version
from urllib.parse import urlsplit

from cgraph.settings import Settings, SettingsError, variable
from cgraph_kit.guard import Fetcher
from cgraph_kit.media import Bounds

SECONDS = 5.0
"""What a page, with all its redirects, may take; and its picture as much again."""
REDIRECTS = 3
MOST = 1_048_576
"""Bytes of a page that are read, and of an answer that is only a redirect."""
IMAGE_MOST = 4 * 1_048_576
"""Bytes of a picture. Those of pages are often larger than the pages."""
EDGE = 640
"""Pixels of the longer edge of what is kept of it."""
IMAGE = Bounds(pixels_max=50_000_000, memory_mib=512, seconds=10)
"""What making it small may take."""


def open_fetcher(settings: Settings) -> Fetcher:
    """Asks pages, but never this server or its neighbours. To be closed. Raises `SettingsError`."""
    own = {settings.phx_host.lower(), urlsplit(settings.public_url or "").hostname or ""}
    try:
        return Fetcher(
            allow=settings.link_preview_allow_networks,
            deny=own - {""},
            schemes=("http", "https"),
            redirects=REDIRECTS,
            seconds=SECONDS,
            most=MOST,
        )
    except ValueError as error:
        raise SettingsError(f"{variable('link_preview_allow_networks')}: {error}") from None


def agent_of(settings: Settings) -> str:
    """How this server introduces itself, so that whoever wants to can turn it away."""
    return f"CGraphBot/{version('cgraph')} (link previews; +https://{settings.phx_host})"
