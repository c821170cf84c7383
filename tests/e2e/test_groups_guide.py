"""The tour of groups, as it stands there, against a real server."""

import re
from pathlib import Path

from support.documents import at, blocks, shell
from support.served import Served

GUIDE = "docs/guides/groups.md"


class TestGuide:
    async def test_tour_works_as_written(self, served: Served, tmp_path: Path) -> None:
        """A group is made, two come by an invite, one is given a role and bans the other."""
        tour = [at(one.text, served.address) for one in blocks(GUIDE) if one.language == "sh"]
        found, enter, look, name, role, rules, pause, ban, log, leave = tour
        async with shell(tmp_path / "tour", [], served.address) as terminal:
            terminal.run(found)
            await terminal.says(r'"name":"Allotments"')
            terminal.run(enter)
            await terminal.says(r'"member_count":1.*("joined":true.*){2}')
            terminal.run(look)
            await terminal.says(r'("username":"eve.allotment".*){2}')
            terminal.run(name)
            await terminal.says('"nickname":"Bob the Spade"')
            terminal.run(role)
            await terminal.says(r'"role_ids":\["[0-9a-f-]{36}"\]')
            terminal.run(rules)
            await terminal.says("Leave gates as you find them")
            terminal.run(pause)
            await terminal.says(r'"timed_out_until":"20')
            terminal.run(ban)
            await terminal.says(r'"reason":"sold my beans".*"code":"banned".*"reason":"sold my')
            terminal.run(log)
            await terminal.says(r'"action":"member_banned"')
            terminal.run(leave)
            terminal.run('get "groups/$GROUP" "$BOB_TOKEN"')
            await terminal.says(r'"code":"group_not_found"')
            errors = re.findall(r'"error":\{"code":"(\w+)', terminal.output)
            assert errors == ["banned", "group_not_found"]
