"""Brute force: guesses are counted per account and per address, and a right one does not count."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from cgraph_kit.errors import Error
from cgraph_kit.limiter import Limit, Limiter, address_key

from .errors import InvalidCredentials, TooManyAttempts, WrongPassword
from .limits import Limits
from .origin import Origin

Budget = tuple[str, Limit]
"""A key and what it may spend."""


def guesses(limits: Limits, account: str, origin: Origin) -> list[Budget]:
    """What one guess at a password spends.

    The account is what was typed, not what it led to: limits that an e-mail address and a username shared would tell
    that they belong together, and an account that does not exist is limited like any other.
    """
    return [(address_key(origin.address), limits.login), guesses_at(limits, account)]


def guesses_at(limits: Limits, account: str) -> Budget:
    """What a guess spends of its account's budget."""
    return account_key(account), limits.login


def registrations(limits: Limits, origin: Origin) -> list[Budget]:
    """What one registration spends."""
    return [(address_key(origin.address), limits.register)]


def resets(limits: Limits, email: str, origin: Origin) -> list[Budget]:
    """What asking for one password reset spends."""
    return [
        (address_key(origin.address), limits.reset_address),
        (account_key(email), limits.reset),
    ]


async def spend(limiter: Limiter, budgets: Sequence[Budget]) -> None:
    """Take one from each. Raises `TooManyAttempts`, having taken none; `Unavailable` when nobody can count."""
    for position, (key, limit) in enumerate(budgets):
        decision = await limiter.check(key, limit)
        if not decision.allowed:
            await give_back(limiter, budgets[:position])
            raise TooManyAttempts(retry_after=decision.retry_after, scope=limit.name)


async def give_back(limiter: Limiter, budgets: Sequence[Budget]) -> None:
    for key, limit in budgets:
        await limiter.check(key, limit, -1)


@asynccontextmanager
async def guess(limiter: Limiter, budgets: Sequence[Budget]) -> AsyncIterator[None]:
    """Around one guess: spent before its outcome is known, so that parallel guesses count, and given back if it was
    right or never looked at. One that is abandoned midway stays spent."""
    await spend(limiter, budgets)
    try:
        yield
    except Error as error:
        if not isinstance(error, InvalidCredentials | WrongPassword):
            await give_back(limiter, budgets)
        raise
    await give_back(limiter, budgets)


def account_key(text: str) -> str:
    """A key that does not carry people's addresses into other stores."""
    return f"account:{hashlib.sha256(text.encode()).hexdigest()}"
