"""Looking at files nobody trusts: what they are, how large, and images made anew, in a process of their own."""

from .clamd import Scanner, ScannerAway
from .looking import Bounds, Looked, Picture, WorkerFailed, look

__all__ = ["Bounds", "Looked", "Picture", "Scanner", "ScannerAway", "WorkerFailed", "look"]
