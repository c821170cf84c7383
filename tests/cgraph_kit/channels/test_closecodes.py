"""The table of close codes keeps its promises."""

import pytest

from cgraph_kit.channels.closecodes import Advice, CloseCode, allowed_on_wire


class TestCloseCode:
    @pytest.mark.parametrize("code", CloseCode, ids=lambda code: code.name)
    def test_is_a_number_with_a_meaning_and_advice(self, code: CloseCode) -> None:
        assert CloseCode(int(code)) is code
        assert code.meaning
        assert isinstance(code.advice, Advice)

    @pytest.mark.parametrize("code", CloseCode, ids=lambda code: code.name)
    def test_range_says_whether_to_come_back(self, code: CloseCode) -> None:
        if 4000 <= code < 4008:
            assert code.advice is Advice.LOGIN
        if 4008 <= code < 4100:
            assert code.advice in {Advice.RECONNECT, Advice.LATER}

    def test_only_two_never_travel(self) -> None:
        silent = {code for code in CloseCode if not allowed_on_wire(code)}
        assert silent == {CloseCode.NO_CODE, CloseCode.ABNORMAL}
