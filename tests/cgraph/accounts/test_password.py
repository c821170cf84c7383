import pytest

from cgraph.accounts import password


def problems(text: str, *personal: str) -> list[str]:
    return password.problems(text, shortest=8, personal=personal)


class TestProblems:
    @pytest.mark.parametrize(
        "text",
        ["correct horse battery", "Tr0ub4dor&3", "пароль из слов", "x7$k" * 256, "🐎🔋📎 ok ok"],
    )
    def test_good_ones(self, text: str) -> None:
        assert problems(text) == []

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "at least 8"),
            ("short", "at least 8"),
            ("🐎🔋", "at least 8"),
            ("x7$k" * 256 + "!", "1024 bytes"),
            ("é" * 513, "1024 bytes"),
            ("password", "too common"),
            ("PassWord", "too common"),
            ("qwertyuiop", "too common"),
            ("123456789", "too common"),
            ("zzzzzzzzzzzz", "too common"),
            ("ａｂｃ１２３４５", "too common"),  # noqa: RUF001 (full width is the same to Argon2)
        ],
    )
    def test_bad_ones_say_why(self, text: str, reason: str) -> None:
        (problem,) = problems(text)
        assert reason in problem

    @pytest.mark.parametrize("text", ["ann.lee.1980", "ANN.LEE.1980", "ann@example.org"])
    def test_what_everybody_knows_of_a_person_is_no_secret(self, text: str) -> None:
        assert problems(text, "ann.lee.1980", "Ann@Example.org")


class TestNormalize:
    def test_two_keyboards_type_the_same(self) -> None:
        assert password.normalize("cafe\u0301") == password.normalize("caf\u00e9")
