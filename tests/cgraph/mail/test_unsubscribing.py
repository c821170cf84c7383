import pytest

from cgraph.mail import GLOBAL, Unsubscription, Unsubscriptions
from cgraph_kit.ids import new_id
from cgraph_kit.sealing import Sealer
from support.post import SECRET

UNSUBSCRIPTIONS = Unsubscriptions(SECRET)


class TestUnsubscriptions:
    @pytest.mark.parametrize("kind", ["conversation", GLOBAL])
    def test_reads_what_it_has_made(self, kind: str) -> None:
        made = Unsubscription(new_id(), kind, new_id())
        token = UNSUBSCRIPTIONS.token(made)
        assert UNSUBSCRIPTIONS.read(token) == made
        assert made.user_id.hex not in token

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.ü.ö", "A" * 5000])
    def test_knows_its_own(self, token: str) -> None:
        assert UNSUBSCRIPTIONS.read(token) is None

    def test_what_was_sealed_for_something_else_is_none(self) -> None:
        sealed = Sealer(SECRET, "accounts").seal(f"{new_id().hex} global {new_id().hex}")
        assert UNSUBSCRIPTIONS.read(sealed) is None
