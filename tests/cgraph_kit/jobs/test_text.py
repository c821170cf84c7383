"""What jsonb can hold."""

import pytest

from cgraph_kit.jobs.text import LONGEST, as_json, printable


class TestAsJson:
    @pytest.mark.parametrize("value", ["\x00", {"a": ["x\x00y"]}, {"\x00": 1}, "\\\x00"])
    def test_refuses_nul(self, value: object) -> None:
        with pytest.raises(ValueError, match="NUL"):
            as_json(value)

    @pytest.mark.parametrize("value", ["\\u0000", {"a": "\\\\u0000"}, "u0000", ""])
    def test_takes_what_only_looks_like_it(self, value: object) -> None:
        assert as_json(value)


class TestPrintable:
    def test_spells_out_what_postgresql_refuses(self) -> None:
        assert printable("a\x00b\ud800c") == "a\\x00b\\ud800c"

    def test_keeps_both_ends_of_a_long_text(self) -> None:
        kept = printable("begin" + "x" * 2 * LONGEST + "end")
        assert kept.startswith("begin")
        assert kept.endswith("end")
        assert len(kept) < LONGEST + 10
