"""Hanging files on things and taking them off."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import files
from cgraph.accounts import Actor
from cgraph.files import FileNotFound, FileNotReady, Hung, TooManyFiles
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.attached import exists, hangs_on, make_file


async def claim(db: Transaction, actor: Actor, *ids: UUID, item_id: UUID, **given: Any) -> Any:
    return await files.claim(db, actor, ids, kind="message", item_id=item_id, **given)


async def attached(db: Transaction, item_id: UUID, kind: str = "message") -> list[UUID]:
    found = await files.list_attached(db, kind, [item_id])
    return [one.id for one in found[item_id]]


class TestClaim:
    async def test_in_the_order_they_are_named_after_what_hangs_there(
        self, db: Transaction, ann: Actor
    ) -> None:
        item = uuid4()
        one, two, three = [await make_file(db, ann) for _ in range(3)]
        assert [hung.id for hung in await claim(db, ann, two, one, item_id=item)] == [two, one]
        await claim(db, ann, three, two, item_id=item)
        assert await attached(db, item) == [two, one, three]

    async def test_only_ones_own(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        for id in (uuid4(), await make_file(db, bob)):
            with pytest.raises(FileNotFound):
                await claim(db, ann, await make_file(db, ann), id, item_id=uuid4())

    @pytest.mark.parametrize("state", ["processing", "refused"])
    async def test_only_what_is_ready(self, db: Transaction, ann: Actor, state: str) -> None:
        with pytest.raises(FileNotReady) as caught:
            await claim(db, ann, await make_file(db, ann, state=state), item_id=uuid4())
        assert caught.value.extra["state"] == state

    async def test_no_more_than_may_be(self, db: Transaction, ann: Actor) -> None:
        ids = [await make_file(db, ann) for _ in range(3)]
        with pytest.raises(TooManyFiles):
            await claim(db, ann, *ids, item_id=uuid4(), most=2)

    async def test_none_twice(self, db: Transaction, ann: Actor) -> None:
        one = await make_file(db, ann)
        with pytest.raises(Invalid):
            await claim(db, ann, one, one, item_id=uuid4())
        assert await claim(db, ann, item_id=uuid4()) == []


class TestRelease:
    async def test_removes_what_hangs_on_nothing_else(self, db: Transaction, ann: Actor) -> None:
        first, second = uuid4(), uuid4()
        one, two = await make_file(db, ann), await make_file(db, ann)
        await claim(db, ann, one, two, item_id=first)
        await claim(db, ann, two, item_id=second)
        await files.release(db, "message", [first, uuid4()])
        assert not await exists(db, one)
        assert await hangs_on(db, two) == [("message", second)]
        await files.release(db, "message", [second])
        assert not await exists(db, two)

    async def test_a_content_goes_with_its_last_file(self, db: Transaction, ann: Actor) -> None:
        item, one = uuid4(), await make_file(db, ann)
        blob = await db.value("SELECT blob_id FROM files WHERE id = $1", one)
        copy = "INSERT INTO files (id, user_id, name, state, blob_id, charged) VALUES ($1, $2, 'b', 'ready', $3, 0)"
        await db.value(copy, two := uuid4(), ann.id, blob)
        await db.value("UPDATE file_blobs SET refs = 2 WHERE id = $1", blob)
        await claim(db, ann, one, two, item_id=item)
        await files.release_files(db, "message", item, [one])
        assert await db.value("SELECT refs FROM file_blobs WHERE id = $1", blob) == 1
        await files.release_files(db, "message", item, [two])
        assert await db.value("SELECT refs FROM file_blobs WHERE id = $1", blob) is None
        doomed = "SELECT true FROM file_doomed WHERE key = $1"
        assert await db.value(doomed, files.content_key(blob))


class TestCopy:
    async def test_each_hangs_by_itself(self, db: Transaction, ann: Actor) -> None:
        source, target = uuid4(), uuid4()
        one, two = await make_file(db, ann), await make_file(db, ann)
        await claim(db, ann, two, one, item_id=source)
        await files.copy(db, [Hung("message", source)], [Hung("post", target, uuid4())])
        assert await attached(db, target, "post") == [two, one]
        await files.release(db, "message", [source])
        assert await attached(db, target, "post") == [two, one]

    async def test_move_leaves_nothing_behind(self, db: Transaction, ann: Actor) -> None:
        source, target, one = uuid4(), uuid4(), await make_file(db, ann)
        await claim(db, ann, one, item_id=source)
        await files.move(db, [Hung("message", source)], [Hung("comment", target)])
        assert await hangs_on(db, one) == [("comment", target)]


class TestGetContent:
    async def test_is_for_whoever_reads_one_of_the_things(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        shown, hidden, one = uuid4(), uuid4(), await make_file(db, ann)

        async def reader(_db: Any, actor: Actor | None, hung: Any) -> set[UUID]:
            asked.extend(each.item_id for each in hung)
            return {shown} & {each.item_id for each in hung} if actor == bob else set()

        asked: list[UUID] = []
        readers = {"message": reader}
        assert (await files.get_content(db, readers, ann, one)).id == one
        await claim(db, ann, one, item_id=hidden)
        with pytest.raises(FileNotFound):
            await files.get_content(db, readers, bob, one)
        await claim(db, ann, one, item_id=shown)
        assert (await files.get_content(db, readers, bob, one)).id == one
        for nobody_knows in ({}, {"post": reader}):
            with pytest.raises(FileNotFound):
                await files.get_content(db, nobody_knows, bob, one)
        with pytest.raises(FileNotFound):
            await files.get_content(db, readers, None, one)
        assert set(asked) == {shown, hidden}

    async def test_not_in_quarantine(self, db: Transaction, ann: Actor) -> None:
        for state in ("uploading", "processing", "refused"):
            with pytest.raises(FileNotFound):
                await files.get_content(db, {}, ann, await make_file(db, ann, state=state))
