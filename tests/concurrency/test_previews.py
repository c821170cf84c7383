"""Links that meet each other, and what forgets them, with real commits."""

import asyncio
from datetime import timedelta

from cgraph import previews
from cgraph.messaging import MessageEdit, NewMessage, edit_message, send_message, show_previews
from cgraph.messaging import set_previews_suppressed as suppress
from cgraph.previews import Placed
from cgraph_kit import clock
from cgraph_kit.db import Database
from cgraph_kit.ids import new_id
from support.later import until_waiting
from support.talk import make_actor, open_between

HOST = "concurrent.example"


class TestWant:
    async def test_many_lead_to_the_same_pages_at_once(self, database: Database) -> None:
        """In any order, sending, editing and hiding: nobody waits for nobody, and each page is one row with one job."""
        people = [await make_actor(database, f"p{n}") for n in range(4)]
        places = [await open_between(database, people[0], other) for other in people[1:]]
        urls = [f"https://{HOST}/{new_id()}" for _ in range(4)]

        async def talk(n: int) -> None:
            place = places[n % len(places)]
            text = " ".join(urls[n % 4 :] + urls[: n % 4])
            sent = await send_message(database, people[0], place, NewMessage(text))
            edit = MessageEdit(content=" ".join(reversed(urls)))
            await edit_message(database, people[0], place, sent.id, edit)
            for suppressed in (True, False):
                await suppress(database, people[0], place, sent.id, suppressed=suppressed)

        await asyncio.gather(*(talk(n) for n in range(12)))
        found = await database.values(
            "SELECT id::text FROM link_previews WHERE url = ANY($1)", urls
        )
        assert len(found) == len(urls)
        sql = "SELECT args->>'preview_id' FROM jobs WHERE worker = 'read_link' AND args->>'preview_id' = ANY($1)"
        assert sorted(await database.values(sql, found)) == sorted(found)

    async def test_waits_for_what_is_being_forgotten(self, database: Database) -> None:
        """And is written all the same."""
        url = f"https://{HOST}/{new_id()}"
        await database.value(_OLD, new_id(), url, HOST, clock.now() - timedelta(days=9))
        placed = Placed("post", new_id())

        async def want() -> None:
            async with database.transaction() as tx:
                await previews.want(tx, placed, [url])

        async with database.transaction() as tx:
            assert await previews.collect_unused(tx) >= 1
            wanting = asyncio.create_task(want())
            await until_waiting(database)
        await wanting


class TestShow:
    async def test_waits_for_who_takes_the_links_elsewhere(self, database: Database) -> None:
        """As conversions do: they hold the place's stream, and then take its links."""
        ann, bob = await make_actor(database, "ann"), await make_actor(database, "bob")
        place = await open_between(database, ann, bob)
        sent = await send_message(database, ann, place, NewMessage(f"https://{HOST}/{new_id()}"))
        await database.value(_READ, sent.id)
        placed = Placed("message", sent.id, place)

        async def show() -> None:
            async with database.transaction() as tx:
                await show_previews(tx, placed)

        async with database.transaction() as tx:
            await tx.value("SELECT 1 FROM streams WHERE id = $1 FOR NO KEY UPDATE", place)
            showing = asyncio.create_task(show())
            await until_waiting(database)
            assert len(await previews.lift_links(tx, "message", [sent.id])) == 1
        await showing


_READ = """
UPDATE link_previews p SET page = '{"kind": "page", "site_name": null, "title": "Bees", "description": null, "image": null}'
FROM link_preview_uses u WHERE u.preview_id = p.id AND u.item_id = $1
"""
_OLD = "INSERT INTO link_previews (id, url, host, expires_at) VALUES ($1, $2, $3, $4)"
