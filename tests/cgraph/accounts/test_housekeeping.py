from cgraph import accounts
from cgraph.accounts import Limits, SignedIn, UpdateAccount, forget_expired
from cgraph.accounts.resets import make_reset_token
from cgraph_kit.db import Transaction

from .conftest import actor_of


class TestForgetExpired:
    async def test_keeps_what_still_means_something(self, db: Transaction, register, held) -> None:
        ann = await register(db, "ann")
        await make_reset_token(db, "ann@example.org", limits=Limits())
        await accounts.update_account(db, actor_of(ann), UpdateAccount(username="annie"))
        await forget_expired(db)
        assert await rows(db, ann) == (1, 1, 1, 2, 1)

    async def test_drops_each_in_its_time(self, db: Transaction, register, held) -> None:
        ann = await register(db, "ann")
        await make_reset_token(db, "ann@example.org", limits=Limits())
        await accounts.update_account(db, actor_of(ann), UpdateAccount(username="annie"))
        await accounts.log_out(db, actor_of(ann))
        held.advance(minutes=61)
        await forget_expired(db)
        assert await rows(db, ann) == (1, 0, 0, 2, 1)
        held.advance(days=8)
        await forget_expired(db)
        assert await rows(db, ann) == (0, 0, 0, 2, 1)
        held.advance(days=30)
        await forget_expired(db)
        assert await rows(db, ann) == (0, 0, 0, 1, 0)


async def rows(db: Transaction, of: SignedIn) -> tuple[int, ...]:
    """What is kept of a person."""
    pairs = "token_pairs JOIN sessions s ON s.id = session_id"
    tables = ("sessions", pairs, "password_resets", "usernames", "username_history")
    return tuple(
        [
            await db.value(f"SELECT count(*) FROM {table} WHERE user_id = $1", of.user.id)
            for table in tables
        ]
    )
