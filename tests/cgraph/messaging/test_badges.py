"""The number on an app's icon."""

from uuid import uuid4

from cgraph.accounts import Actor
from cgraph.messaging import (
    Marker,
    PreferencesChange,
    ReadMarker,
    count_badges,
    delete_message,
    mark_read,
    mark_unread,
    update_preferences,
)
from cgraph_kit.db import Transaction
from support.talk import Counter, open_between, say


class TestCountBadges:
    async def test_counts_direct_messages_and_mentions(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        direct, group = await open_between(db, ann, bob), await open_between(db, ann, bob, eve)
        await say(db, ann, direct)
        await say(db, ann, direct, f"@{bob.username}")
        await say(db, ann, group)
        mention = await say(db, eve, group, f"@{bob.username}")
        assert await count_badges(db, [bob.id]) == {bob.id: 3}
        await delete_message(db, eve, group, mention.id)
        assert await count_badges(db, [bob.id]) == {bob.id: 2}
        await mark_read(db, bob, direct, ReadMarker())
        assert await count_badges(db, [bob.id]) == {bob.id: 0}
        await mark_unread(db, bob, direct, Marker(seq=2))
        assert await count_badges(db, [bob.id]) == {bob.id: 1}

    async def test_leaves_out_what_is_muted_or_put_away(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        muted, archived = await open_between(db, ann, bob), await open_between(db, eve, bob)
        await say(db, ann, muted, f"@{bob.username}")
        await say(db, eve, archived)
        assert await count_badges(db, [bob.id]) == {bob.id: 2}
        await update_preferences(db, bob, muted, PreferencesChange(muted=True))
        await update_preferences(db, bob, archived, PreferencesChange(archived=True))
        assert await count_badges(db, [bob.id]) == {bob.id: 0}
        await say(db, eve, archived, f"@{bob.username}")
        assert await count_badges(db, [bob.id]) == {bob.id: 2}

    async def test_asks_once_for_everybody(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, count_queries: Counter
    ) -> None:
        direct = await open_between(db, ann, bob)
        await say(db, ann, direct)
        nobody = uuid4()
        with count_queries(db) as queries:
            found = await count_badges(db, [ann.id, bob.id, eve.id, nobody])
        assert len(queries) == 1
        assert found == {ann.id: 0, bob.id: 1, eve.id: 0, nobody: 0}
