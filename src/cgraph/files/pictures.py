"""Pictures that stand for somebody or something: avatars and icons, seen by everybody."""

from typing import Literal
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor, UpdateAccount, User
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input

from .attaching import claim, list_attached, release, release_files
from .errors import FileNotFound, FileNotReady
from .file import Attachment

PictureKind = Literal["avatar", "icon"]
WIDTH = 320
"""Longest edge of what is shown, in pixels."""
AT_A_TIME = 100
"""Pictures that may hang on one thing while several are being changed."""


class Picture(Input, frozen=True):
    """An image that was uploaded."""

    file_id: UUID


async def hang_picture(
    tx: Transaction, actor: Actor, picture: Picture, kind: PictureKind, item_id: UUID
) -> str:
    """Hang the actor's own image on something, and return its address, a path. `drop_pictures` follows.

    Raises `FileNotFound`, `FileNotReady`, `Invalid` for what is no image; each names `file_id`.
    """
    try:
        (file,) = await claim(
            tx, actor, [picture.file_id], kind=kind, item_id=item_id, most=AT_A_TIME
        )
    except FileNotFound:
        raise FileNotFound(fields={"file_id": ["is not there, or not yours"]}) from None
    except FileNotReady as error:
        raise FileNotReady(fields={"file_id": ["is not ready"]}, **error.extra) from None
    if not file.content_type.startswith("image/"):
        raise Invalid.field("file_id", "is not an image")
    return _address(file)


async def drop_pictures(
    tx: Transaction, kind: PictureKind, item_id: UUID, *, but: UUID | None = None
) -> None:
    """Take down all pictures of something but one.

    The caller holds the thing, so that of two changes the later one stays, and has not told anybody yet: whoever uploads is
    counted, and told then.
    """
    hanging = (await list_attached(tx, kind, [item_id])).get(item_id, ())
    await release_files(tx, kind, item_id, [one.id for one in hanging if one.id != but])


async def set_avatar(db: Repo, actor: Actor, picture: Picture) -> User:
    """Show oneself by this image; the one before goes. Raises as `hang_picture`."""
    async with db.transaction() as tx:
        await accounts.hold_account(tx, actor)
        address = await hang_picture(tx, actor, picture, "avatar", actor.id)
        await drop_pictures(tx, "avatar", actor.id, but=picture.file_id)
        return await accounts.set_avatar(tx, actor, address)


async def remove_avatar(db: Repo, actor: Actor) -> None:
    """Show oneself by none; again: nothing happens."""
    async with db.transaction() as tx:
        await accounts.hold_account(tx, actor)
        await release(tx, "avatar", [actor.id])
        await accounts.set_avatar(tx, actor, None)


async def update_account(
    db: Repo,
    actor: Actor,
    changes: UpdateAccount,
    *,
    limits: accounts.Limits = accounts.DEFAULT_LIMITS,
) -> User:
    """As `accounts.update_account`; where that names another avatar, an uploaded one goes."""
    async with db.transaction() as tx:
        if changes.avatar_url is not msgspec.UNSET:
            await accounts.hold_account(tx, actor)
            await release(tx, "avatar", [actor.id])
        return await accounts.update_account(tx, actor, changes, limits=limits)


def _address(file: Attachment) -> str:
    thumbnail = next((one for one in file.thumbnails if one.name == str(WIDTH)), None)
    address = f"/api/v1/files/{file.id}"
    return address if thumbnail is None else f"{address}/thumbnails/{thumbnail.name}"
