"""The secrets of a node: the operator's, or in development its own, made once and kept beside its data."""

import os
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from cgraph_kit.push import VapidKeys

from .settings import Settings

FILE = "secrets.toml"
VAPID_FILE = "vapid.toml"


class Secrets(msgspec.Struct, frozen=True):
    """Never logged, never sent."""

    key_base: str
    jwt: str
    vapid: str = ""
    """The private key of Web Push; empty: none is sent."""

    def __repr__(self) -> str:
        return "Secrets(…)"


class _Vapid(msgspec.Struct, frozen=True):
    private: str


def read(settings: Settings) -> Secrets:
    """The settings' secrets; those that are missing come from the data directory, where they are made if need be.

    Nothing is made in production: there browsers get no pushes before the operator has made a key.
    """
    own = Secrets("", "")
    if settings.secret_key_base is None or settings.jwt_secret is None:
        made = {name: secrets.token_urlsafe(48) for name in ("key_base", "jwt")}
        own = msgspec.convert(_kept(settings.data_dir / FILE, made), Secrets)
    return Secrets(
        settings.secret_key_base.get_secret_value() if settings.secret_key_base else own.key_base,
        settings.jwt_secret.get_secret_value() if settings.jwt_secret else own.jwt,
        _vapid(settings),
    )


def _vapid(settings: Settings) -> str:
    if settings.vapid_private_key is not None:
        return settings.vapid_private_key.get_secret_value()
    if settings.env == "prod":
        return ""
    made = {"private": VapidKeys.make().private}
    return msgspec.convert(_kept(settings.data_dir / VAPID_FILE, made), _Vapid).private


def _kept(path: Path, made: Mapping[str, str]) -> dict[str, Any]:
    """What stands in a file; if there is none, it is written with what was made."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(f'{name} = "{value}"\n' for name, value in made.items())
        draft = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        try:
            # Of several processes that start at once the first one's secrets count.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return tomllib.loads(path.read_text(encoding="utf-8"))
