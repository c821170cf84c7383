"""The guide to pushes says what the code does."""

import re

from cgraph.settings import Settings, variable
from cgraph_kit.push.payload import Payload, content
from cgraph_web.router import ROUTES
from support.documents import ROOT

GUIDE = (ROOT / "docs/guides/push.md").read_text(encoding="utf-8")
WHOLE = Payload(
    id="1",
    kind="message",
    title="Ann",
    body="hi",
    url="/",
    data={"a": "b"},
    badge=1,
    collapse="c",
    retract=["2"],
)


class TestGuide:
    def test_names_every_field(self) -> None:
        table = GUIDE.partition("| field | what it is |\n")[2].partition("\n\n")[0]
        first = (line.split("|")[1] for line in table.splitlines()[1:])
        assert {name for cell in first for name in re.findall(r"`(\w+)`", cell)} == set(
            content(WHOLE)
        )

    def test_names_settings_that_there_are(self) -> None:
        named = set(re.findall(r"CGRAPH_\w+", GUIDE))
        assert named <= {variable(name) for name in Settings.model_fields}

    def test_names_routes_that_there_are(self) -> None:
        named = re.findall(r"^(GET|POST|DELETE) +(/\S+)", GUIDE, re.MULTILINE)
        known = {(route.method, re.sub(r"\{\w+\}", "{id}", route.path)) for route in ROUTES}
        assert named
        assert set(named) <= known
