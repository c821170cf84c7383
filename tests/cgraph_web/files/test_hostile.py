"""What is sent to do harm gets the documented answer, and neither the server nor the worker more memory than it may have."""

import resource
from typing import Any

import pytest

from cgraph.application import App
from cgraph_kit.media import Looked, look
from support.hostile_files import COLLECTION, DOWNLOAD, Hostile

SERVER_MIB = 256
"""What the server may grow by while it takes all of them in; the largest file here is 4 MiB."""
WORKER_MIB = 512
"""What the worker may have at most; its address space is bounded at twice that."""


@pytest.fixture
def peaks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What each worker says it had."""
    seen: list[int] = []

    async def watched(*args: Any) -> Looked:
        looked = await look(*args)
        seen.append(looked.rss_mib)
        return looked

    monkeypatch.setattr("cgraph.files.workshop.look", watched)
    return seen


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class TestCreate:
    @pytest.mark.parametrize("hostile", COLLECTION, ids=lambda hostile: hostile.name)
    async def test_the_documented_answer(
        self, hostile: Hostile, upload: Any, ada: Any, app: App, peaks: list[int]
    ) -> None:
        content = hostile.make()
        before = peak()
        made = await upload(content, hostile.name)
        assert peak() - before < SERVER_MIB
        assert max(peaks) < WORKER_MIB
        if hostile.refused is not None:
            assert (made.status, made.code) == (422, hostile.refused), made.body
            await self._is_gone(ada, made.error["file_id"])
            return
        assert made.status == 201, made.body
        await self._is_served(ada, made.json["data"]["id"], hostile)

    async def _is_gone(self, ada: Any, file_id: str) -> None:
        assert (await ada.get(f"/api/v1/files/{file_id}")).code == "file_not_found"
        assert (await ada.get(f"/api/v1/me/files/{file_id}")).json["data"]["size"] == 0

    async def _is_served(self, ada: Any, file_id: str, hostile: Hostile) -> None:
        got = await ada.get(f"/api/v1/files/{file_id}/{hostile.name}")
        assert got.headers["content-type"] == hostile.served_as
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in got.headers["content-security-policy"]
        how = "attachment" if hostile.served_as == DOWNLOAD else "inline"
        assert got.headers["content-disposition"].startswith(how)
        assert not hostile.without or hostile.without not in got.body
