"""Docstrings as summaries and descriptions."""

import inspect
from typing import Any


def own_doc(documented: Any) -> str:
    """The docstring of a function or a class, not one that it inherits."""
    own = vars(documented).get("__doc__") if isinstance(documented, type) else documented.__doc__
    return inspect.cleandoc(own or "")


def doc_of(text: str) -> tuple[str, str]:
    """The first line or paragraph, and the rest."""
    summary, _, description = text.partition("\n\n")
    return summary.replace("\n", " ").rstrip("."), description
