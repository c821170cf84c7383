"""The settings page lists every setting, once."""

from cgraph.settings import Settings, variable
from cgraph_cli.reference import settings


class TestText:
    def test_every_setting_has_a_row_with_a_description(self) -> None:
        rows = [
            line.split(" | ") for line in settings.text().splitlines() if line.startswith("| `")
        ]
        assert [row[0] for row in rows] == [
            f"| `{variable(name)}`" for name in Settings.model_fields
        ]
        assert all(row[1] for row in rows)

    def test_types_and_defaults_are_in_words(self) -> None:
        text = settings.text()
        assert "| whole number above 0 | `900` |" in text
        assert "`true` or `false` or `conn` or list of text" in text
        assert "| number above 0 | `10.0` |" in text
