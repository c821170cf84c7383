"""Looking at files nobody trusts: what they are, how large, and images made anew, in a process of their own."""

from .clamd import Scanner, ScannerAway
from .looking import Bounds, Looked, Picture, Trial, WorkerFailed, look, try_out
from .sniffing import HEAD, looks_like_image

__all__ = [
    "HEAD",
    "Bounds",
    "Looked",
    "Picture",
    "Scanner",
    "ScannerAway",
    "Trial",
    "WorkerFailed",
    "look",
    "looks_like_image",
    "try_out",
]
