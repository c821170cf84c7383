"""A node's secrets: the operator's, or its own."""

from pathlib import Path

import pytest

from cgraph import secrets
from cgraph.settings import Settings
from cgraph_kit.push import VapidKeys

LONG = "0123456789abcdef0123456789abcdef"


def production(directory: Path, **given: str) -> Settings:
    return Settings(
        env="prod",
        data_dir=directory,
        database_url="postgresql://db/cgraph",
        secret_key_base=LONG,
        jwt_secret=LONG,
        phx_host="chat.example.org",
        **given,
    )


class TestRead:
    def test_makes_its_own_once(self, tmp_path: Path) -> None:
        settings = Settings(env="dev", data_dir=tmp_path / "data")
        made = secrets.read(settings)
        assert secrets.read(settings) == made
        assert len({made.key_base, made.jwt, made.vapid}) == 3
        assert VapidKeys(made.vapid).private == made.vapid
        kept = list((tmp_path / "data").iterdir())
        assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}
        assert made.jwt not in repr(made)

    def test_adds_what_an_older_node_had_not(self, tmp_path: Path) -> None:
        (tmp_path / "secrets.toml").write_text(f'key_base = "{LONG}"\njwt = "{LONG}"\n')
        read = secrets.read(Settings(env="dev", data_dir=tmp_path))
        assert (read.key_base, read.jwt) == (LONG, LONG)
        assert VapidKeys(read.vapid)

    def test_prefers_the_operator_s(self, tmp_path: Path) -> None:
        key = VapidKeys.make().private
        settings = production(tmp_path / "data", vapid_private_key=key)
        assert secrets.read(settings) == secrets.Secrets(LONG, LONG, key)
        assert not (tmp_path / "data").exists()

    def test_makes_none_in_production(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert secrets.read(production(tmp_path / "data")).vapid == ""
        assert not (tmp_path / "data").exists()
