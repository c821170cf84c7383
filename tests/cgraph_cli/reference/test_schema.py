"""The schema as PostgreSQL itself tells it."""

from cgraph_cli.reference import schema


class TestText:
    async def test_is_the_same_each_time_and_free_of_noise(self) -> None:
        first, second = await schema.text(), await schema.text()
        assert first == second
        assert "CREATE TABLE public.users" in first
        assert "schema_migrations" not in first
        assert "restrict" not in first.lower().replace("on delete restrict", "")
