"""Uploading in one request, as apps and browsers do."""

import asyncio
from typing import Any

import pytest
import pyvips  # type: ignore[import-untyped]

from cgraph.application import App
from support.later import until_waiting
from support.people import Person
from support.pictures import SECRET, apng, image, jpeg, photo, png, wav

PATH = "/api/v1/files"
ICC = "icc-profile-data"
BOUNDARY = "xYzZY"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def form(*parts: tuple[str, bytes], ended: bool = True) -> bytes:
    """Parts by what follows `form-data; `."""
    made = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + body + b"\r\n"
        for head, body in parts
    )
    return made + (f"--{BOUNDARY}--\r\n".encode() if ended else b"")


def profile(kind: str) -> bytes:
    """A colour profile that says more than it needs to."""
    made = pyvips.Image.profile_load("srgb" if kind == "other" else kind) + SECRET * 4
    if kind == "other":  # red is green there, and green red
        made = made.replace(b"rXYZ", b"____").replace(b"gXYZ", b"rXYZ").replace(b"____", b"gXYZ")
    return len(made).to_bytes(4, "big") + bytes(made[4:])


async def usage(ada: Any) -> int:
    return int((await ada.get("/api/v1/me/storage")).json["data"]["used"])


class TestCreate:
    async def test_a_picture_comes_back(self, ada: Any, upload: Any) -> None:
        file = (await upload(png(), "a.png")).json["data"]
        assert (file["state"], file["content_type"]) == ("ready", "image/png")
        assert (file["width"], file["height"], file["frames"]) == (3, 2, 1)
        assert file["placeholder"].startswith("data:image/webp;base64,")
        got = await ada.get(f"{PATH}/{file['id']}")
        assert len(got.body) == file["size"] == await usage(ada)
        assert (await ada.get(f"/api/v1/me/files/{file['id']}")).json["data"] == file

    async def test_a_photo_stands_upright_and_tells_nothing(self, ada: Any, upload: Any) -> None:
        sent = photo(600, 400)
        assert sent.count(SECRET) == 4
        file = (await upload(sent, "me.jpg")).json["data"]
        assert (file["width"], file["height"]) == (400, 600)
        assert [(one["name"], one["height"]) for one in file["thumbnails"]] == [("320", 320)]
        for address in (f"{PATH}/{file['id']}", f"{PATH}/{file['id']}/thumbnails/320"):
            got = await ada.get(address)
            assert got.status == 200
            for told in (SECRET, b"Exif", b"xmpmeta"):
                assert told not in got.body

    async def test_a_moving_png_becomes_its_still(self, ada: Any, upload: Any) -> None:
        file = (await upload(apng(), "me.png")).json["data"]
        assert (file["content_type"], file["frames"]) == ("image/png", 1)
        got = await ada.get(f"{PATH}/{file['id']}")
        still = pyvips.Image.new_from_buffer(got.body, "")
        assert (still.width, still.height, still(0, 0)) == (3, 2, [200, 30, 60])
        for moving in (b"acTL", b"fcTL", b"fdAT", SECRET):
            assert moving not in got.body

    @pytest.mark.parametrize("kind", ["srgb", "p3", "other"])
    async def test_colours_stay_and_their_profile_does_not(
        self, ada: Any, upload: Any, kind: str
    ) -> None:
        made = image(30, 20).copy()
        made.set_type(pyvips.GValue.blob_type, ICC, profile(kind))
        file = (await upload(bytes(made.pngsave_buffer(keep="icc")))).json["data"]
        got = await ada.get(f"{PATH}/{file['id']}")
        kept = pyvips.Image.new_from_buffer(got.body, "")
        assert bool(kept.get_typeof(ICC)) == (kind == "p3")
        if kind == "p3":
            assert SECRET not in kept.get(ICC)
            kept = kept.icc_transform("srgb", embedded=True)
        assert (kept - made.icc_transform("srgb", embedded=True)).abs().max() < 3

    async def test_a_sound_has_its_length(self, upload: Any) -> None:
        file = (await upload(wav(1.5), "hm.wav")).json["data"]
        assert (file["content_type"], file["duration"]) == ("audio/wav", 1.5)

    async def test_a_form_as_browsers_send_it(self, ada: Any) -> None:
        body = form(
            ("name=alt_text", "Bienen 🐝".encode()),
            ('name=file; filename="Bienen 🐝.jpg"', jpeg(9, 9)),
        )
        pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
        made = await ada.send("POST", PATH, chunks=pieces, headers=FORM)
        assert made.status == 201, made.body
        file = made.json["data"]
        assert (file["name"], file["alt_text"]) == ("Bienen 🐝.jpg", "Bienen 🐝")

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"", 400, "bad_request"),
            (b"no form at all", 400, "bad_request"),
            (form(("name=a", b"b")), 422, "invalid"),
            (form(("name=alt_text", b"b")), 422, "invalid"),
            (form(("name=alt_text", b"b" * 9000)), 422, "invalid"),
            (form(("name=colour", b"b"), ('name=f; filename="a"', b"b")), 422, "invalid"),
            (form(('name=f; filename="a"', b"b"), ("name=alt_text", b"b")), 422, "invalid"),
            (form(('name=f; filename="a"', b"b"), ('name=g; filename="a"', b"b")), 422, "invalid"),
            (form(('name=f; filename="a"', b"b"), ended=False), 400, "bad_request"),
            (form(('name=f; filename="a"', b"")), 422, "file_empty"),
        ],
    )
    async def test_a_form_that_is_none(self, ada: Any, body: bytes, status: int, code: str) -> None:
        answer = await ada.send("POST", PATH, body=body, headers=FORM)
        assert (answer.status, answer.code) == (status, code)
        assert await usage(ada) == 0

    async def test_more_than_allowed_is_refused_before_it_is_read(self, ada: Any, app: App) -> None:
        most = app.limits.files.file_max
        for headers in ({"content-type": "image/png"}, FORM):
            stated = headers | {"content-length": str(most + 100_000)}
            answer = await ada.send("POST", PATH, chunks=[b"x", None], headers=stated)
            assert (answer.status, answer.code) in {
                (413, "file_too_large"),
                (413, "body_too_large"),
            }
        assert await usage(ada) == 0

    async def test_more_than_allowed_is_refused_where_it_is_not_stated(
        self, ada: Any, app: App
    ) -> None:
        pieces = [bytes(1024 * 1024)] * 9
        answer = await ada.send("POST", PATH, chunks=pieces, headers={"content-type": "a/b"})
        assert (answer.status, answer.code) == (413, "file_too_large")
        body = form(('name=f; filename="a"', bytes(9 * 1024 * 1024)))
        answer = await ada.send("POST", PATH, chunks=[body], headers=FORM)
        assert (answer.status, answer.code) == (413, "file_too_large")
        assert await usage(ada) == 0

    @pytest.mark.parametrize("where", ["before", "after"])
    async def test_what_is_beside_the_file_counts(self, ada: Any, where: str) -> None:
        body = form(('name=f; filename="a"', b"abc"))
        junk = [b"z" * (1024 * 1024)] * 40
        sent = [*junk, b"\r\n" + body] if where == "before" else [body, *junk]
        answer = await ada.send("POST", PATH, chunks=sent, headers=FORM)
        assert (answer.status, answer.code) == (413, "body_too_large")
        assert await usage(ada) == 0

    @pytest.mark.parametrize(
        ("pieces", "length", "status"), [([b"ab"], "3", 400), ([b"abc", b"d"], "3", 413)]
    )
    async def test_another_length_than_stated(
        self, ada: Any, pieces: list[bytes], length: str, status: int
    ) -> None:
        headers = {"content-type": "a/b", "content-length": length}
        answer = await ada.send("POST", PATH, chunks=pieces, headers=headers)
        assert answer.status == status
        assert await usage(ada) == 0

    async def test_nothing_is_kept_of_who_hangs_up(self, ada: Any, app: App, ann: Person) -> None:
        headers = {"content-type": "a/b", "content-length": "30"}
        answer = await ada.send("POST", PATH, chunks=[b"ab", None], headers=headers)
        assert answer.status == 0
        assert (await ada.get("/api/v1/me/files")).json["data"] == []
        assert await usage(ada) == 0

    async def test_an_empty_body(self, ada: Any) -> None:
        answer = await ada.send("POST", PATH, headers={"content-length": "0"})
        assert (answer.status, answer.code) == (422, "file_empty")

    async def test_a_compressed_body(self, ada: Any) -> None:
        headers = {"content-encoding": "gzip", "content-type": "a/b"}
        answer = await ada.send("POST", PATH, body=b"x", headers=headers)
        assert answer.status == 415

    async def test_the_quota_is_for_all_that_is_kept_and_under_way(self, ada: Any) -> None:
        for _ in range(5):
            begun = await ada.post("/api/v1/uploads", {"name": "a", "size": 8 * 1024 * 1024})
            assert begun.status == 201
        answer = await ada.send("POST", PATH, body=b"x", headers={"content-type": "a/b"})
        assert (answer.status, answer.code) == (409, "file_quota_exceeded")
        assert answer.error["used"] == answer.error["quota"] == 40 * 1024 * 1024

    async def test_the_same_twice_is_kept_once_and_is_two_files(
        self, ada: Any, upload: Any, nobody: Any, bob: Person, app: App
    ) -> None:
        content = b"the same words " + str(bob.id).encode()
        one = (await upload(content, "a.txt")).json["data"]
        his = await nobody.as_(bob.token).send(
            "POST", PATH, body=content, headers={"content-type": "a/b", "x-file-name": "b.txt"}
        )
        two = his.json["data"]
        sql = "SELECT count(DISTINCT blob_id) FROM files WHERE id = ANY($1::uuid[])"
        assert await app.db.value(sql, [one["id"], two["id"]]) == 1
        assert (await ada.get(f"{PATH}/{two['id']}")).status == 404
        assert (await ada.send("DELETE", f"/api/v1/me/files/{one['id']}")).status == 204
        assert (await nobody.as_(bob.token).get(f"{PATH}/{two['id']}")).body == content

    async def test_a_named_write_is_done_once(self, ada: Any, upload: Any) -> None:
        key = {"idempotency-key": "once"}
        one = await upload(png(4, 4), "a.png", **key)
        two = await upload(png(4, 4), "a.png", **key)
        assert (two.status, two.json) == (one.status, one.json)
        assert two.headers["idempotent-replay"] == "true"
        other = await upload(png(5, 5), "a.png", **key)
        assert (other.status, other.code) == (409, "idempotency_key_reused")
        assert len((await ada.get("/api/v1/me/files")).json["data"]) == 1
        assert await usage(ada) == one.json["data"]["size"]

    async def test_another_description_is_another_write(self, upload: Any) -> None:
        key = {"idempotency-key": "described"}
        assert (await upload(b"words", **key)).status == 201
        other = await upload(b"words", **key, **{"x-file-alt-text": "Words"})
        assert (other.status, other.code) == (409, "idempotency_key_reused")

    async def test_what_is_gone_is_brought_again(self, ada: Any, upload: Any) -> None:
        key = {"idempotency-key": "again"}
        one = (await upload(b"gone words", **key)).json["data"]["id"]
        assert (await ada.send("DELETE", f"/api/v1/me/files/{one}")).status == 204
        two = await upload(b"gone words", **key)
        assert two.status == 201
        assert two.json["data"]["id"] != one
        three = await upload(b"gone words", **key)
        assert (three.status, three.json) == (201, two.json)

    async def test_what_is_gone_is_brought_again_once(
        self, app: App, ada: Any, ann: Person, upload: Any
    ) -> None:
        key = {"idempotency-key": "at once"}
        one = (await upload(b"lost words", **key)).json["data"]["id"]
        await ada.send("DELETE", f"/api/v1/me/files/{one}")
        async with app.db.transaction() as tx:
            await tx.value(_HOLD_KEYS, ann.id)
            repeats = [asyncio.create_task(upload(b"lost words", **key)) for _ in range(2)]
            await until_waiting(app.db, 2)
        two, three = await asyncio.gather(*repeats)
        assert (two.status, two.json) == (three.status, three.json)
        assert {"idempotent-replay" in answer.headers for answer in (two, three)} == {False, True}
        assert len((await ada.get("/api/v1/me/files")).json["data"]) == 1


_HOLD_KEYS = "SELECT 1 FROM idempotency_keys WHERE user_id = $1 FOR UPDATE"
