import pytest

from cgraph.accounts import email


class TestProblems:
    @pytest.mark.parametrize(
        "address",
        [
            "ann@example.org",
            "Ann.Lee+tag@mail.example.co.uk",
            "o'brien@example.org",
            "a@b.de",
            "1@2.example",
            "x@xn--bcher-kva.example",
            f"{'a' * 64}@example.org",
        ],
    )
    def test_good_addresses(self, address: str) -> None:
        assert email.problems(address) == []

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "ann",
            "ann@",
            "@example.org",
            "ann@localhost",
            "ann@example",
            "ann@@example.org",
            "ann@exa mple.org",
            "ann@-example.org",
            "ann@example-.org",
            "ann@example..org",
            "ann@.example.org",
            "ann@example.org.",
            "ann@192.0.2.1",
            "ann@[192.0.2.1]",
            ".ann@example.org",
            "ann.@example.org",
            "a..n@example.org",
            '"ann"@example.org',
            "Ann <ann@example.org>",
            "ann@example.org\n",
            "ann@example.org\r\nBcc: eve@example.org",
            "ann@exämple.org",
            "ann@example.org,eve@example.org",
            "=?utf-8?q?eve=40example.org=3e=20?=@example.org",
            f"{'a' * 65}@example.org",
            f"a@{'b' * 64}.org",
            f"a@{'b.' * 130}org",
        ],
    )
    def test_bad_addresses(self, address: str) -> None:
        assert email.problems(address)
