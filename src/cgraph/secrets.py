"""The secrets of a node: the operator's, or in development its own, made once and kept beside its data."""

import os
import secrets
import tomllib

import msgspec

from .settings import Settings

FILE = "secrets.toml"


class Secrets(msgspec.Struct, frozen=True):
    """Never logged, never sent."""

    key_base: str
    jwt: str

    def __repr__(self) -> str:
        return "Secrets(…)"


def read(settings: Settings) -> Secrets:
    """The settings' secrets; those that are missing come from the data directory, where they are made if need be."""
    own = Secrets("", "")
    if settings.secret_key_base is None or settings.jwt_secret is None:
        own = _kept(settings)
    return Secrets(
        settings.secret_key_base.get_secret_value() if settings.secret_key_base else own.key_base,
        settings.jwt_secret.get_secret_value() if settings.jwt_secret else own.jwt,
    )


def _kept(settings: Settings) -> Secrets:
    path = settings.data_dir / FILE
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        text = "".join(f'{name} = "{secrets.token_urlsafe(48)}"\n' for name in ("key_base", "jwt"))
        made = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        try:
            # Of several processes that start at once the first one's secrets count.
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Secrets)
