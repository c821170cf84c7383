"""The guide says what the code does."""

from typing import get_args

from cgraph.notifications import CHANNELS, DEFAULT_LEVELS, KINDS, RULES, Channel, ScopeKind
from support.documents import ROOT

GUIDE = (ROOT / "docs/guides/notifications.md").read_text(encoding="utf-8")
WAYS: dict[Channel, str] = {"in_app": "inbox", "push": "push", "email": "mail"}


def table(head: str) -> list[str]:
    """The rows below a table's head."""
    rest = GUIDE.partition(f"{head}\n")[2].splitlines()[1:]
    assert rest, f"the guide has no table {head}"
    return rest[: next(n for n, line in enumerate(rest) if not line.startswith("|"))]


class TestGuide:
    def test_lists_every_rule_in_order(self) -> None:
        assert table("| rule | does | ways | says |") == [
            f"| `{rule.id}` | {rule.action} | {', '.join(WAYS[way] for way in rule.channels)} | {rule.text} |"
            for rule in RULES
        ]

    def test_lists_every_kind(self) -> None:
        assert table("| kind | what it is | reach | ways |") == [
            f"| `{kind}` | {traits.text} | {traits.reach} | {', '.join(self.ways(kind))} |"
            for kind, traits in KINDS.items()
        ]

    def ways(self, kind: str) -> list[str]:
        traits = KINDS[kind]  # type: ignore[index]
        always = dict.fromkeys(traits.always, " (always)")
        return [WAYS[way] + always.get(way, "") for way in CHANNELS if way in traits.channels]

    def test_lists_the_level_of_every_place(self) -> None:
        assert table("| place | level |") == [
            f"| `{scope}` | `{DEFAULT_LEVELS[scope]}` |" for scope in get_args(ScopeKind)
        ]
