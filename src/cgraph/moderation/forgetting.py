"""How long what was reported is kept."""

from datetime import timedelta

from cgraph_kit import clock
from cgraph_kit.db import Repo


async def forget_evidence(db: Repo, *, days: int) -> None:
    """Drop what decided cases have kept of people's words, so many days after the decision. Twice is harmless."""
    await db.value(_FORGET, clock.now() - timedelta(days=days))


_FORGET = """
UPDATE moderation_reports r SET snapshot = NULL FROM moderation_cases c
WHERE r.case_id = c.id AND r.snapshot IS NOT NULL AND c.state <> 'pending' AND c.resolved_at < $1
"""
