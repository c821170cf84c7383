"""The AsyncAPI 3 document of the channels, made from the channels themselves."""

from .document import document

__all__ = ["document"]
