"""Made-up communities, the same for the same seed: to look at, to develop against, to measure on.

They are written by the contexts' own functions, so everything that is counted is counted right; `verify` sees to it.
"""

from .seeding import Demo, NotEmpty, SeedUsed, seed
from .sizes import SIZES, Name, Size
from .verifying import Finding, verify

__all__ = [
    "SIZES",
    "Demo",
    "Finding",
    "Name",
    "NotEmpty",
    "SeedUsed",
    "Size",
    "seed",
    "verify",
]
