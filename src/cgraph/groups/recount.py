"""Every number of groups counted anew, for all of them at once: slow, and for who has loaded many."""

from collections.abc import Mapping

from cgraph_kit.db import Repo


async def recount(db: Repo) -> Mapping[str, int]:
    """How many rows say something else than what is there, by what they say; all 0, if all is well."""
    return {what: await db.value(f"SELECT count(*) FROM ({sql}) w") for what, sql in _WRONG.items()}


_WRONG = {
    "members of groups": """
SELECT FROM groups g LEFT JOIN (SELECT group_id, count(*) AS n FROM group_members GROUP BY group_id) m ON m.group_id = g.id
WHERE g.member_count <> coalesce(m.n, 0)
""",
    "owners in their groups": """
SELECT FROM groups g LEFT JOIN group_members m ON m.group_id = g.id AND m.user_id = g.owner_id WHERE m.user_id IS NULL
""",
    "roles of everyone": """
SELECT FROM groups g LEFT JOIN group_roles r ON r.id = g.id AND r.position = 0 WHERE r.id IS NULL
""",
    "names of members": """
SELECT FROM group_members m LEFT JOIN group_member_names n
    ON n.group_id = m.group_id AND n.user_id = m.user_id AND n.kind = 'username'
WHERE n.user_id IS NULL
""",
    "banned members": """
SELECT FROM group_bans JOIN group_members USING (group_id, user_id)
""",
}
