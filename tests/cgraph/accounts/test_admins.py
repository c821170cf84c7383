"""Administrators."""

import pytest

from cgraph import accounts
from cgraph.application import App
from support.people import register


class TestGrantAdmin:
    async def test_counts_until_it_is_revoked(self, app: App) -> None:
        person = await register(app)
        assert not await accounts.is_admin(app.db, person.actor)
        granted = await accounts.grant_admin(app.db, person.actor.username.upper())
        assert granted.id == person.id
        assert await accounts.is_admin(app.db, person.actor)
        assert person.id in [one.id for one in await accounts.list_admins(app.db)]
        await accounts.revoke_admin(app.db, person.actor.username)
        assert not await accounts.is_admin(app.db, person.actor)

    async def test_refuses_a_name_nobody_has(self, app: App) -> None:
        with pytest.raises(accounts.UserNotFound):
            await accounts.grant_admin(app.db, "nobody.at.all")

    async def test_is_for_active_accounts(self, app: App) -> None:
        person = await register(app)
        await accounts.grant_admin(app.db, person.actor.username)
        await app.db.value(
            "UPDATE users SET state = 'deactivated', deactivated_at = now() WHERE id = $1",
            person.id,
        )
        assert not await accounts.is_admin(app.db, person.actor)
        with pytest.raises(accounts.UserNotFound):
            await accounts.grant_admin(app.db, person.actor.username)
