"""The way of a file: uploaded, said, seen by the others, and gone."""

import base64
from typing import Any
from uuid import UUID

import pytest

from cgraph.application import App
from support.people import Person, converse
from support.pictures import png

A = "/api/v1"


@pytest.fixture
def bobs(nobody: Any, bob: Person) -> Any:
    return nobody.as_(bob.token)


@pytest.fixture
async def conversation(app: App, ann: Person, bob: Person) -> UUID:
    return await converse(app, ann, bob)


async def bring(upload: Any, content: bytes, name: str) -> dict[str, Any]:
    """A file that was uploaded, to come with something."""
    made = await upload(content, name)
    assert made.status == 201, made.body
    return {"file_id": made.json["data"]["id"]}


class TestMessage:
    async def test_from_upload_to_the_end(
        self, ada: Any, bobs: Any, nobody: Any, upload: Any, conversation: UUID
    ) -> None:
        said = f"{A}/conversations/{conversation}/messages"
        named = await bring(upload, png(400, 300), "bee.png") | {"alt_text": "A bee"}
        address = f"{A}/files/{named['file_id']}"
        assert (await bobs.get(address)).status == 404
        sent = await ada.send("POST", said, json={"attachments": [named]})
        assert sent.status == 201, sent.body
        (shown,) = (await bobs.get(said)).json["data"][0]["attachments"]
        assert sent.json["data"]["attachments"] == [shown]
        wanted = {
            "id": named["file_id"],
            "name": "bee.png",
            "content_type": "image/png",
            "width": 400,
            "height": 300,
            "alt_text": "A bee",
            "spoiler": False,
        }
        assert {name: shown[name] for name in wanted} == wanted
        got = await bobs.get(address)
        assert (got.status, got.headers["content-type"]) == (200, "image/png")
        assert len(got.body) == shown["size"]
        (small,) = shown["thumbnails"]
        assert (await bobs.get(f"{address}/thumbnails/{small['name']}")).status == 200
        assert (await nobody.get(address)).status == 404
        message = f"{said}/{sent.json['data']['id']}"
        edited = await ada.send("PATCH", message, json={"content": "Look", "attachments": []})
        assert edited.json["data"]["attachments"] == []
        assert (await bobs.get(address)).status == 404

    async def test_deleting_it_ends_the_file(
        self, ada: Any, bobs: Any, upload: Any, conversation: UUID
    ) -> None:
        said = f"{A}/conversations/{conversation}/messages"
        named = await bring(upload, b"words", "words.txt")
        sent = await ada.send("POST", said, json={"attachments": [named]})
        message = f"{said}/{sent.json['data']['id']}"
        assert (await ada.send("DELETE", message)).json["data"]["attachments"] == []
        for caller in (ada, bobs):
            assert (await caller.get(f"{A}/files/{named['file_id']}")).status == 404

    async def test_says_what_is_wrong(
        self, ada: Any, bobs: Any, upload: Any, conversation: UUID
    ) -> None:
        said = f"{A}/conversations/{conversation}/messages"
        named = await bring(upload, b"words", "words.txt")
        for caller, body, status, code in (
            (bobs, {"attachments": [named]}, 404, "file_not_found"),
            (ada, {"attachments": [named, named]}, 422, "invalid"),
            (ada, {"attachments": [named] * 11}, 422, "invalid"),
            (ada, {"attachments": [{"file_id": "x"}]}, 422, "invalid"),
            (ada, {"attachments": []}, 422, "invalid"),
            (ada, {"voice": {"waveform": "AAA="}, "attachments": [named]}, 422, "invalid"),
        ):
            answer = await caller.send("POST", said, json=body)
            assert (answer.status, answer.json["error"]["code"]) == (status, code), body
            assert answer.json["error"]["fields"]

    async def test_the_same_key_is_one_message(
        self, ada: Any, upload: Any, conversation: UUID
    ) -> None:
        said = f"{A}/conversations/{conversation}/messages"
        body = {"attachments": [await bring(upload, b"words", "words.txt")]}
        key = {"idempotency-key": "once"}
        first = await ada.send("POST", said, json=body, headers=key)
        again = await ada.send("POST", said, json=body, headers=key)
        assert (first.json, again.status) == (again.json, 201)
        assert len((await ada.get(said)).json["data"]) == 1


class TestPost:
    async def test_anybody_sees_the_images_of_public_posts(
        self, ada: Any, nobody: Any, upload: Any
    ) -> None:
        made = await ada.send("POST", f"{A}/forums", json={"slug": "bees", "title": "Bees"})
        named = await bring(upload, png(10, 10), "bee.png")
        address = f"{A}/files/{named['file_id']}"
        body = {
            "title": "A swarm",
            "content": f"![so](attachment:{named['file_id']})",
            "attachments": [named],
        }
        post = await ada.send("POST", f"{A}/forums/{made.json['data']['id']}/posts", json=body)
        assert post.status == 201, post.body
        seen = (await nobody.get(f"{A}/posts/{post.json['data']['id']}")).json["data"]
        assert seen["kind"] == "image"
        assert f'src="{address}"' in seen["html"]
        assert (await nobody.get(address)).status == 200


class TestAvatar:
    async def test_is_everybodys_to_see(self, ada: Any, nobody: Any, upload: Any) -> None:
        picture = await bring(upload, png(400, 400), "me.png")
        shown = await ada.send("PUT", f"{A}/me/avatar", json=picture)
        address = shown.json["data"]["avatar_url"]
        assert address == f"{A}/files/{picture['file_id']}/thumbnails/320"
        got = await nobody.get(address)
        assert got.status == 200
        assert got.headers["cache-control"].startswith("public")
        assert (await ada.send("DELETE", f"{A}/me/avatar")).status == 204
        assert (await nobody.get(address)).status == 404


class TestVoice:
    async def test_is_said_with_its_waveform(
        self, ada: Any, bobs: Any, upload: Any, conversation: UUID
    ) -> None:
        said = f"{A}/conversations/{conversation}/messages"
        named = await bring(upload, wav(), "said.wav")
        voice = {"waveform": base64.b64encode(b"\x00\x80\xff").decode(), "duration": 2.0}
        sent = await ada.send("POST", said, json={"attachments": [named], "voice": voice})
        assert sent.status == 201, sent.body
        (message,) = (await bobs.get(said)).json["data"]
        assert message["voice"]["waveform"] == voice["waveform"]
        assert message["voice"]["duration"] > 0
        edit = await ada.send("PATCH", f"{said}/{message['id']}", json={"content": "words"})
        assert (edit.status, edit.json["error"]["code"]) == (403, "voice_message")


def wav(seconds: int = 1, rate: int = 8000) -> bytes:
    """Silence."""
    data = bytes(seconds * rate)
    head = b"WAVEfmt " + (16).to_bytes(4, "little") + b"\x01\0\x01\0"
    head += rate.to_bytes(4, "little") * 2 + b"\x01\0\x08\0data" + len(data).to_bytes(4, "little")
    return b"RIFF" + (len(head) + len(data)).to_bytes(4, "little") + head + data
