"""Worlds with a random history: people, groups, conversations and forums in which anything may have happened.

A world is made by what people do, most of which they may not: what is refused is part of the history. The same seed makes
the same world, but for its ids.
"""

from support.worlds.living import live
from support.worlds.making import make_world
from support.worlds.world import WORDS, World

__all__ = ["WORDS", "World", "live", "make_world"]
