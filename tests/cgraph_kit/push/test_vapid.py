from datetime import timedelta
from typing import Any

import msgspec
import pytest
from py_vapid import Vapid02
from py_vapid.utils import b64urldecode

from cgraph_kit import clock
from cgraph_kit.push.vapid import ORIGINS, Vapid, VapidKeys


def claims(header: str) -> Any:
    token = header.removeprefix("vapid t=").partition(",")[0]
    return msgspec.json.decode(b64urldecode(token.split(".")[1].encode()))


class TestVapidKeys:
    def test_are_read_as_they_were_written(self) -> None:
        made = VapidKeys.make()
        read = VapidKeys(made.private + "=\n")
        assert (read.private, read.public) == (made.private, made.public)
        assert made.private not in repr(made)

    def test_are_those_of_other_software(self) -> None:
        private = VapidKeys.make().private
        theirs = Vapid02.from_raw(private.encode())
        point = VapidKeys(private).public
        assert Vapid02.from_raw_public(point.encode()).public_pem() == theirs.public_pem()

    @pytest.mark.parametrize("text", ["", "short", "A" * 43, "_" * 43, "*" * 43, "ü" * 43])
    def test_are_nothing_else(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            VapidKeys(text)


class TestVapid:
    def test_signs_for_one_origin(self) -> None:
        vapid = Vapid(VapidKeys.make(), "mailto:ops@example.org")
        header = vapid.authorization("https://push.example.org:8443")
        assert Vapid02.verify(header)
        said = claims(header)
        assert said["aud"] == "https://push.example.org:8443"
        assert said["sub"] == "mailto:ops@example.org"
        assert 0 < said["exp"] - clock.now().timestamp() <= 86_400
        assert claims(vapid.authorization("https://push.example.org"))["aud"] != said["aud"]

    def test_signs_anew_before_a_signature_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        vapid = Vapid(VapidKeys.make(), "mailto:ops@example.org")
        now = clock.now()
        first = vapid.authorization("https://a.example.org")
        for hours, same in ((10, True), (11.5, False)):
            monkeypatch.setattr(clock, "now", lambda hours=hours: now + timedelta(hours=hours))
            again = vapid.authorization("https://a.example.org")
            assert (again == first) is same
            assert claims(again)["exp"] > clock.now().timestamp() + 1800

    def test_keeps_no_more_than_it_needs(self) -> None:
        vapid = Vapid(VapidKeys.make(), "mailto:ops@example.org")
        for number in range(ORIGINS + 5):
            vapid.authorization(f"https://{number}.example.org")
        assert len(vapid._kept) == ORIGINS
