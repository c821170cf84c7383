"""Which links of a text are worth a look."""

from collections.abc import Sequence

from cgraph_kit.markdown import links_in
from cgraph_kit.webaddress import normal


def find_links(text: str, most: int, url: str | None = None) -> Sequence[str]:
    """The first so many addresses a text leads to, as they are asked for; before them `url`, where a post has one.

    Where a text has no `http`, and there is no `url`, this costs nothing.
    """
    if most == 0 or (url is None and "http" not in text and "http" not in text.lower()):
        return ()
    found = dict[str, None]()
    for link in (*([url] if url else ()), *links_in(text)):
        if len(found) == most:
            break
        if (address := normal(link)) is not None:
            found[address] = None
    return list(found)
