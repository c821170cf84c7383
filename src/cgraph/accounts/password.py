"""What a password may be (NIST SP 800-63B-4 §3.1.1: long enough, not common, and no rules of composition)."""

import unicodedata
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec

MAX_BYTES = 1024
"""More would only make hashing slow."""

_SHORTEST_LISTED = 6


def normalize(password: str) -> str:
    """The same password however the keyboard composes its characters (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def problems(password: str, *, shortest: int, personal: tuple[str | None, ...] = ()) -> list[str]:
    """Why this should not be a password; empty: it may be. `personal`: what an attacker would try first."""
    if len(password.encode()) > MAX_BYTES:
        return [f"must have at most {MAX_BYTES} bytes"]
    password = normalize(password)
    if len(password) < shortest:
        return [f"must have at least {shortest} characters"]
    plain = password.casefold()
    if any(plain == fact.casefold() for fact in personal if fact):
        return ["must not be your username or e-mail address"]
    if len(set(plain)) == 1 or plain in _common():
        return ["is too common"]
    return []


@cache
def _common() -> frozenset[str]:
    """The passwords most often seen in leaks, from zxcvbn's frequency lists.

    Only its data module is run (19 ms, 1.5 MB kept): importing the package would build every dictionary and keyboard of
    its strength meter (67 ms, 15 MB), which nobody here asks.
    """
    package = find_spec("zxcvbn")
    spec = package and PathFinder.find_spec("frequency_lists", package.submodule_search_locations)
    if spec is None or spec.loader is None:
        raise ImportError("zxcvbn.frequency_lists is missing")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    listed: list[str] = module.FREQUENCY_LISTS["passwords"]
    return frozenset(word for word in listed if len(word) >= _SHORTEST_LISTED)
