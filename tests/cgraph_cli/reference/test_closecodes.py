"""The page of close codes."""

from cgraph_cli.reference import closecodes
from cgraph_kit.channels.closecodes import CloseCode


class TestText:
    def test_every_code_is_on_it(self) -> None:
        text = closecodes.text()
        assert all(f"| {int(code)} |" in text for code in CloseCode)
