"""Who is connected, written down for those who have no sockets to ask."""

import pytest

from cgraph.accounts import list_online_ids
from cgraph.application import App
from cgraph_kit.channels.testing import connect
from cgraph_kit.ids import new_id
from cgraph_web import attendance as module
from cgraph_web.attendance import Attendance
from cgraph_web.realtime import realtime
from support.people import register


class TestAttendance:
    async def test_follows_the_sockets(self, app: App) -> None:
        person = await register(app)
        async with realtime(app) as endpoint:
            attendance = Attendance(endpoint, app.db, str(new_id()))
            first = await connect(endpoint, {"token": person.token})
            second = await connect(endpoint, {"token": person.token})
            await attendance.update()
            assert await list_online_ids(app.db, [person.id]) == {person.id}
            first.disconnect()
            await attendance.update()
            assert await list_online_ids(app.db, [person.id]) == {person.id}
            second.disconnect()
            await attendance.update()
            assert await list_online_ids(app.db, [person.id]) == set()

    async def test_lets_go_of_everybody_at_the_end(self, app: App) -> None:
        person = await register(app)
        async with realtime(app) as endpoint:
            attendance = Attendance(endpoint, app.db, str(new_id()))
            await connect(endpoint, {"token": person.token})
            await attendance.update()
            await attendance.close()
            assert await list_online_ids(app.db, [person.id]) == set()

    async def test_writes_down_many_in_parts(
        self, app: App, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "AT_ONCE", 2)
        people = [await register(app) for _ in range(5)]
        ids = [person.id for person in people]
        async with realtime(app) as endpoint:
            attendance = Attendance(endpoint, app.db, str(new_id()))
            sockets = [await connect(endpoint, {"token": person.token}) for person in people]
            await attendance.update()
            assert await list_online_ids(app.db, ids) == set(ids)
            for socket in sockets[1:]:
                socket.disconnect()
            await attendance.update()
            assert await list_online_ids(app.db, ids) == {ids[0]}
            await attendance.close()
            assert await list_online_ids(app.db, ids) == set()
