"""What changes is found as it is now, and nothing else."""

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import MessageEdit, NewMessage
from cgraph.search.backend import Found, Paging, Scope, Wanted, Word
from cgraph.search.indexing import follow_changes
from cgraph.search.postgres import PostgresSearch
from cgraph_kit.db import Transaction


class TestFollowChanges:
    async def test_finds_what_was_said(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = (await messaging.open_direct(db, ann, bob.id)).conversation.id
        await messaging.send_message(db, ann, id, NewMessage("a quokka at dawn"))
        backend = PostgresSearch(db)
        await follow_changes(db, backend)
        found = await backend.search(
            Wanted(match=Word("quokka")), Scope(containers={id: 0}), Paging()
        )
        assert len(found.hits) == 1
        assert found.total == 1
