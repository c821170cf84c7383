"""The OpenAPI 3.1 document, derived from the routes: the same structs, docstrings and error classes the code runs on."""

from .document import document

__all__ = ["document"]
