import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph.accounts import username

NAMES = st.text("abil01ornvw_.", min_size=1, max_size=12)


class TestProblems:
    @pytest.mark.parametrize(
        "name", ["bo", "ann.lee", "x_y", "_ann_", "a1", "2024", "a" * 32, "a.b.c"]
    )
    def test_good_names(self, name: str) -> None:
        assert username.problems(name) == []

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("", "2 to 32"),
            ("a", "2 to 32"),
            ("a" * 33, "2 to 32"),
            ("Ann", "only a-z"),
            ("a b", "only a-z"),
            ("a-b", "only a-z"),
            ("ann\n", "only a-z"),
            ("ännie", "only a-z"),
            ("аnn", "only a-z"),  # noqa: RUF001 (the first letter is Cyrillic)
            ("a\x00b", "only a-z"),
            (".ann", "dot"),
            ("ann.", "dot"),
            ("a..n", "dot"),
            ("__", "letter or digit"),
            ("admin", "reserved"),
            ("everyone", "reserved"),
            ("adm1n", "reserved"),
            ("a.d.m.i.n", "reserved"),
            ("cgraph", "reserved"),
        ],
    )
    def test_bad_names_say_why(self, name: str, reason: str) -> None:
        (problem,) = username.problems(name)
        assert reason in problem

    def test_case_and_space_around_do_not_matter(self) -> None:
        assert username.normalize("  Ann.Lee ") == "ann.lee"


class TestSkeleton:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("bob", "b0b"),
            ("bill", "b1ll"),
            ("bill", "biil"),
            ("ann.lee", "annlee"),
            ("ann_lee", "annlee"),
            ("modem", "modern"),
            ("max", "r.nax"),
            ("wanda", "vvanda"),
        ],
    )
    def test_look_alikes_are_one(self, one: str, other: str) -> None:
        assert username.skeleton(one) == username.skeleton(other)

    @pytest.mark.parametrize(("one", "other"), [("ann", "anne"), ("bob", "bod"), ("vim", "win")])
    def test_others_are_not(self, one: str, other: str) -> None:
        assert username.skeleton(one) != username.skeleton(other)

    @given(NAMES)
    def test_of_a_skeleton_is_itself(self, name: str) -> None:
        look = username.skeleton(name)
        assert username.skeleton(look) == look

    @given(NAMES)
    def test_separators_never_tell_names_apart(self, name: str) -> None:
        spread = "_".join(name)
        assert username.skeleton(spread) == username.skeleton(name)
