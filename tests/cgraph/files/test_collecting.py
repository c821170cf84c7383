"""How PostgreSQL finds what nobody has any use for: by indexes that hold little else."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import files
from cgraph.accounts import Actor
from cgraph.files import Hung, collecting
from cgraph_kit.db import Transaction
from support.attached import make_file

LONG_AGO = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("sql", "limits", "index"),
    [
        (collecting._UNDECIDED, [], "files_undecided"),
        (collecting._GIVEN_UP, [500], "file_uploads_expire"),
        (collecting._LOOSE, [500], "files_loose"),
    ],
)
async def test_reads_nothing_else(
    db: Transaction, ann: Actor, sql: str, limits: list[Any], index: str
) -> None:
    await db.value(_FILL, ann.id)
    await db.value("ANALYZE files, file_uploads")
    plan = "\n".join(await db.values(f"EXPLAIN (GENERIC_PLAN) {sql}", LONG_AGO, *limits))
    assert f"Index Scan using {index}" in plan
    assert "Seq Scan" not in plan
    assert "file_attachments" not in plan
    assert "Sort" not in plan


class TestLoose:
    async def loose(self, db: Transaction, file_id: UUID) -> bool:
        found: bool = await db.value("SELECT loose FROM files WHERE id = $1", file_id)
        return found

    async def test_is_what_has_never_hung_on_anything(self, db: Transaction, ann: Actor) -> None:
        one, two = await make_file(db, ann), await make_file(db, ann)
        item = uuid4()
        await files.claim(db, ann, [one], kind="message", item_id=item)
        await files.move(db, [Hung("message", item)], [Hung("post", item)])
        assert (await self.loose(db, one), await self.loose(db, two)) == (False, True)


# Many that are ready, and some in every other state.
_FILL = """
WITH made AS (
    INSERT INTO files (id, user_id, name, state, refusal, charged, loose)
    SELECT gen_random_uuid(), $1, 'a', CASE WHEN n % 40 = 0 THEN 'processing' WHEN n % 20 = 0 THEN 'uploading' ELSE 'refused' END,
        CASE WHEN n % 20 = 0 THEN NULL ELSE 'file_broken' END, 0, n % 30 = 0
    FROM generate_series(1, 10000) n RETURNING id, state
)
INSERT INTO file_uploads (file_id, expires_at) SELECT id, now() FROM made WHERE state IN ('processing', 'uploading')
"""
