"""Who it is, and who is at it."""

import pytest

from cgraph_kit.dump import Busy, DumpError, alone, connected, look


class TestLook:
    async def test_tells_who_it_is(self, empty: str) -> None:
        server = await look(empty)
        assert server.version.startswith(str(server.major))
        assert server.database in empty
        assert (server.tls, server.creates) == (False, True)

    @pytest.mark.parametrize("dsn", ["postgresql://ada:hush@127.0.0.1:1/none", "mysql://x"])
    async def test_one_that_is_not_there(self, dsn: str) -> None:
        with pytest.raises(DumpError, match="cannot be reached") as failure:
            await look(dsn)
        assert "hush" not in str(failure.value)


class TestAlone:
    async def test_a_second_is_refused_until_the_first_has_left(self, empty: str) -> None:
        async with alone(empty):
            with pytest.raises(Busy):
                async with alone(empty):
                    pass
        async with alone(empty):
            pass

    async def test_databases_do_not_stand_in_each_other_s_way(
        self, empty: str, filled: str
    ) -> None:
        async with alone(empty), alone(filled):
            pass


class TestConnected:
    async def test_a_refusal_is_said(self, empty: str) -> None:
        with pytest.raises(DumpError, match=r"refused: .*nothing"):
            async with connected(empty) as connection:
                await connection.execute("SELECT * FROM nothing")
