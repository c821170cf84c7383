"""Conversions: a thread of a chat becomes a post of a forum, and the other way round."""
