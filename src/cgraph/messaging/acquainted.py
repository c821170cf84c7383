"""Whom a person knows from their conversations."""

from cgraph.accounts import Actor, Person
from cgraph_kit.db import Repo, columns


async def find_acquainted(db: Repo, actor: Actor, begins: str, *, limit: int) -> list[Person]:
    """Active people in the actor's conversations whose username or display name begins so, by name; one statement.

    Case and accents do not matter. Neither of two who have blocked each other is named to the other.
    """
    return await db.all(Person, _FIND, actor.id, begins, limit)


_FIND = f"""
WITH mine AS (
    SELECT conversation_id, peer_id FROM participants WHERE user_id = $1 AND left_seq IS NULL AND NOT gated
), known AS (
    SELECT peer_id AS id FROM mine WHERE peer_id IS NOT NULL
    UNION
    SELECT o.user_id FROM mine JOIN participants o ON o.conversation_id = mine.conversation_id
    WHERE mine.peer_id IS NULL AND o.left_seq IS NULL
)
SELECT {columns(Person, "u")} FROM known JOIN users u ON u.id = known.id
WHERE u.id <> $1 AND u.state = 'active'
    AND (starts_with(u.username, folded($2)) OR starts_with(folded(u.display_name), folded($2)))
    AND NOT EXISTS (SELECT FROM blocked_pairs b WHERE b.user_id = $1 AND b.other_id = u.id)
ORDER BY u.username LIMIT $3
"""
