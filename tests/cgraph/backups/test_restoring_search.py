"""What is found after a restore."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from cgraph.backups import Vault, make_backup, restore_backup
from cgraph.search import PostgresSearch, follow_changes
from cgraph.search.backend import Paging, Scope, Wanted, Word
from cgraph_kit.db import Database
from support.talk import make_actor, open_between, say

Elsewhere = Callable[[], Awaitable[Vault]]


async def count(db: Database, place: UUID) -> int | None:
    scope = Scope(containers={place: 0})
    found = await PostgresSearch(db).search(Wanted(match=Word("quokka")), scope, Paging())
    return found.total


class TestRestoreBackup:
    async def test_finds_what_was_found_and_follows_what_waited(
        self, vault: Vault, own: Database, elsewhere: Elsewhere
    ) -> None:
        ann, bob = await make_actor(own), await make_actor(own)
        place = await open_between(own, ann, bob)
        await say(own, ann, place, "a quokka")
        await follow_changes(own, PostgresSearch(own))
        await say(own, ann, place, "another quokka")
        await make_backup(vault, own)
        target = await elsewhere()
        await restore_backup(target)
        database = await Database.connect(target.dsn, pool_size=3)
        try:
            assert await count(database, place) == 1
            await say(database, ann, place, "a third quokka")
            await follow_changes(database, PostgresSearch(database))
            assert await count(database, place) == 3
        finally:
            await database.close()
