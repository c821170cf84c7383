"""Moderation: reports of what people said anywhere, and the one queue in which they are reviewed."""
