"""Whom a person knows from their groups."""

from cgraph.accounts import Actor, Person
from cgraph_kit.db import Repo, columns


async def find_fellow_members(db: Repo, actor: Actor, begins: str, *, limit: int) -> list[Person]:
    """Active members of the actor's groups whose nickname, display name or username begins so; one statement.

    Case and accents do not matter. Of each group only the first by name are looked at, so that large groups cost no more
    than small ones. Neither of two who have blocked each other is named to the other.
    """
    return await db.all(Person, _FIND, actor.id, begins, limit)


_FIND = f"""
WITH prefix AS (
    SELECT folded($2) COLLATE "C" AS low, (folded($2) || U&'\\+10FFFF') COLLATE "C" AS high
), found AS (
    SELECT n.user_id, min(n.name) AS name
    FROM prefix p CROSS JOIN group_members m CROSS JOIN LATERAL (
        SELECT user_id, name FROM group_member_names
        WHERE group_id = m.group_id AND name >= p.low AND name < p.high ORDER BY name, user_id LIMIT 4 * $3
    ) n
    WHERE m.user_id = $1 GROUP BY n.user_id
)
SELECT {columns(Person, "u")} FROM found f JOIN users u ON u.id = f.user_id
WHERE u.id <> $1 AND u.state = 'active'
    AND NOT EXISTS (SELECT FROM blocked_pairs b WHERE b.user_id = $1 AND b.other_id = u.id)
ORDER BY f.name, u.username LIMIT $3
"""
