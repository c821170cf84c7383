"""Having links looked at, in the transaction that writes their text."""

from collections.abc import Sequence

from cgraph_kit.db import Transaction

from .jobs import ReadLink, read_link
from .placing import place_links
from .preview import Placed


async def want(tx: Transaction, placed: Placed, urls: Sequence[str]) -> None:
    """Exactly these links, of `find_links`, stand in a thing that is held or being made; each is shown there by a job."""
    found = await place_links(tx, placed, urls)
    if found:
        await read_link.enqueue_all(tx, [ReadLink(id) for id in sorted(found)])
