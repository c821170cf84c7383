"""Who carries pushes, as settings say."""

from pathlib import Path
from typing import Any

import pytest

from cgraph.notifications import open_pushers
from cgraph.settings import Settings, SettingsError
from cgraph_kit.push import VapidKeys
from support.providers.apns import AppleService
from support.providers.fcm import FirebaseService


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A directory with keys that are some, and one with nonsense."""
    (tmp_path / "account.json").write_bytes(FirebaseService().account)
    (tmp_path / "key.p8").write_text(AppleService().pem)
    (tmp_path / "nonsense").write_text("nonsense")
    return tmp_path


def settings(files: Path, **given: Any) -> Settings:
    """Names of files are of those above."""
    paths = {"fcm_service_account", "apns_key_file", "push_ca_file"}
    values = {name: files / value if name in paths else value for name, value in given.items()}
    apns = {"apns_key_id": "key", "apns_team_id": "team", "apns_topic": "org.example.chat"}
    return Settings(env="test", **apns, **values)


class TestOpenPushers:
    async def test_carries_what_there_are_keys_for(self, files: Path) -> None:
        none = open_pushers(settings(files), "")
        assert list(none.platforms) == []
        assert none.application_server_key is None
        keys = VapidKeys.make()
        every = open_pushers(
            settings(files, fcm_service_account="account.json", apns_key_file="key.p8"),
            keys.private,
        )
        assert list(every.platforms) == ["webpush", "fcm", "apns"]
        assert every.application_server_key == keys.public
        await every.close()

    @pytest.mark.parametrize(
        ("given", "named"),
        [
            ({"fcm_service_account": "nonsense"}, "CGRAPH_FCM_SERVICE_ACCOUNT"),
            ({"fcm_service_account": "missing"}, "CGRAPH_FCM_SERVICE_ACCOUNT"),
            ({"apns_key_file": "nonsense"}, "CGRAPH_APNS_KEY_FILE"),
            ({"apns_key_file": "missing"}, "CGRAPH_APNS_KEY_FILE"),
            ({"push_ca_file": "nonsense"}, "CGRAPH_PUSH_CA_FILE"),
            ({"push_ca_file": "missing"}, "CGRAPH_PUSH_CA_FILE"),
            ({"push_allow_networks": ("nowhere",)}, "CGRAPH_PUSH_ALLOW_NETWORKS"),
        ],
    )
    def test_says_which_setting_is_wrong(self, files: Path, given: Any, named: str) -> None:
        with pytest.raises(SettingsError, match=named):
            open_pushers(settings(files, **given), VapidKeys.make().private)

    def test_says_so_of_the_vapid_key(self, files: Path) -> None:
        with pytest.raises(SettingsError, match=r"CGRAPH_VAPID_PRIVATE_KEY: .*P-256"):
            open_pushers(settings(files), "bm9uc2Vuc2U")


class TestSettings:
    def test_name_apns_s_whole(self, files: Path) -> None:
        with pytest.raises(ValueError, match="CGRAPH_APNS_TOPIC"):
            Settings(env="test", apns_key_file=files / "key.p8", apns_key_id="key")

    def test_reach_the_operator(self) -> None:
        assert Settings(env="test", phx_host="chat.example.org").vapid_contact == (
            "https://chat.example.org"
        )
        with pytest.raises(ValueError, match="CGRAPH_VAPID_SUBJECT"):
            Settings(env="test", vapid_subject="ops@example.org")
