"""Who may do what with a file that hangs on a message: a nobody, a stranger, a participant and its uploader."""

from typing import Any, NamedTuple
from uuid import UUID

import pytest

from cgraph import files
from cgraph.application import App
from cgraph.files import NewUpload
from cgraph_web.action import Route
from cgraph_web.router import ROUTES
from support.attached import make_file
from support.people import Person, converse, register, say

A = "/api/v1"
HERE = [
    route
    for route in ROUTES
    if route.path.startswith(
        tuple(A + own for own in ("/files", "/uploads", "/me/files", "/me/storage"))
    )
]
ROLES = ("nobody", "stranger", "participant", "uploader")
CONTENT = b"\x89PNG"


class Row(NamedTuple):
    """What each role is answered."""

    nobody: int
    stranger: int
    participant: int
    uploader: int
    body: Any = None
    headers: dict[str, str] = {}


def read(status: int) -> Row:
    """Whoever reads the message may; to others there is no such file."""
    return Row(404, 404, status, status)


def own(status: int, body: Any = None) -> Row:
    """It concerns only whoever asks."""
    return Row(401, status, status, status, body)


def mine(status: int, body: Any = None, headers: dict[str, str] = {}) -> Row:  # noqa: B006 (never written to)
    """Its uploader may; to others there is none."""
    return Row(401, 404, 404, status, body, headers)


TABLE = {
    f"POST {A}/files": own(422),
    f"POST {A}/files/ticket": own(201),
    f"GET {A}/files/{{file_id}}": read(200),
    f"GET {A}/files/{{file_id}}/{{name}}": read(200),
    f"GET {A}/files/{{file_id}}/thumbnails/{{name}}": read(200),
    f"GET {A}/me/files": own(200),
    f"GET {A}/me/files/{{file_id}}": mine(200),
    f"PATCH {A}/me/files/{{file_id}}": mine(200, {"alt_text": "a bee"}),
    f"DELETE {A}/me/files/{{file_id}}": mine(409),
    f"GET {A}/me/storage": own(200),
    f"POST {A}/uploads": own(201, {"name": "a", "size": 3}),
    f"GET {A}/uploads/{{upload_id}}": mine(200),
    f"PATCH {A}/uploads/{{upload_id}}": mine(200, headers={"upload-offset": "0"}),
    f"DELETE {A}/uploads/{{upload_id}}": mine(204),
    f"POST {A}/uploads/{{upload_id}}/finish": mine(422),
}


class Scene(NamedTuple):
    """The people, and what they ask for."""

    people: dict[str, Person]
    file_id: UUID
    upload_id: UUID


@pytest.fixture
async def scene(app: App) -> Scene:
    people = {role: await register(app) for role in ROLES[1:]}
    uploader = people["uploader"]
    conversation = await converse(app, uploader, people["participant"])
    said = await say(app, uploader, conversation, "look")
    file_id = await make_file(app.db, uploader.actor, size=len(CONTENT))
    blob_id = await app.db.value(
        _SHRINK, file_id, [{"name": "320", "width": 3, "height": 2, "size": 4}]
    )
    await app.storage.put(files.content_key(blob_id), CONTENT)
    await app.storage.put(files.thumbnail_key(blob_id, "320"), CONTENT)
    async with app.db.transaction() as tx:
        await files.claim(
            tx, uploader.actor, [file_id], kind="message", item_id=said.id, place_id=conversation
        )
    upload = await files.begin_upload(app.db, uploader.actor, NewUpload("a", 3))
    return Scene(people, file_id, upload.id)


_SHRINK = """
UPDATE file_blobs b SET thumbnails = $2 FROM files f WHERE f.id = $1 AND b.id = f.blob_id RETURNING b.id
"""


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


class TestRoutes:
    def test_all_have_a_row(self) -> None:
        assert {named(route) for route in HERE} == set(TABLE)

    @pytest.mark.parametrize("route", HERE, ids=named)
    async def test_answer_each_role(self, nobody: Any, scene: Scene, route: Route) -> None:
        row = TABLE[named(route)]
        path = route.path.format(file_id=scene.file_id, upload_id=scene.upload_id, name="320")
        for role in ROLES:
            caller = nobody if role == "nobody" else nobody.as_(scene.people[role].token)
            answer = await caller.send(route.method, path, json=row.body, headers=row.headers)
            assert answer.status == getattr(row, role), (role, answer.body)
