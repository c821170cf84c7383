"""The people of an import: those who have come before, and accounts for those who have not."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from cgraph import accounts
from cgraph.accounts import ImportedUser
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.ids import new_id

from . import ids
from .records import User
from .report import Report
from .texts import without_nul

AT_ONCE = 1_000
"""Accounts made in one transaction; registrations wait for it."""


class People:
    """Which of our accounts each of theirs is. New ones wait until `settle` makes their accounts.

    `match_emails`: somebody whose address belongs to an account here is that account.
    """

    def __init__(self, report: Report, *, match_emails: bool) -> None:
        self._report = report
        self._match_emails = match_emails
        self._ids: dict[str, UUID | None] = {}
        """None: looked for, and not there."""
        self._waiting: dict[str, tuple[str, User]] = {}
        self._promised: set[str] = set()
        """Names and addresses of a dry run, which nobody has yet."""

    def add(self, where: str, user: User) -> None:
        if user.id in self._waiting or self._ids.get(user.id):
            self._report.lost(where, "a person with an id that came before", user.id)
        else:
            self._waiting[user.id] = (where, user)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def settle(self, db: Repo) -> None:
        """Make accounts for those who wait and have none."""
        known = await self._find(db)
        new = {external: new_id() for external in self._waiting if external not in known}
        accounts_to_be = [_account(self._waiting[external][1], id) for external, id in new.items()]
        if self._report.dry_run:
            made = await accounts.plan_imported_users(db, accounts_to_be, self._promised)
        else:
            made = await self._make(db, accounts_to_be, new)
        for external, account in zip(new, made, strict=True):
            self._note(*self._waiting[external], account)
        self._report.known["users"] += len(known)
        self._report.taken["users"] += len(new)
        self._ids |= known | new
        self._waiting.clear()

    async def look_up(self, db: Repo, externals: Iterable[str]) -> None:
        """Find those the export itself does not describe, who may have come before."""
        missing = {external for external in externals if external not in self._ids}
        if missing:
            found = await ids.find(db, self._report.source, "user", missing)
            self._ids |= {external: found.get(external) for external in missing}

    def get(self, external: str | None) -> UUID | None:
        """The account of somebody settled or looked up; None: nobody knows them."""
        return self._ids.get(external) if external else None

    async def _find(self, db: Repo) -> dict[str, UUID]:
        known = await ids.find(db, self._report.source, "user", self._waiting)
        if not self._match_emails:
            return known
        addresses = {
            external: user.email.strip().lower()
            for external, (_, user) in self._waiting.items()
            if user.email and external not in known
        }
        owners = await accounts.get_ids_by_emails(db, list(addresses.values()))
        matched = {
            external: owners[address]
            for external, address in addresses.items()
            if address in owners
        }
        if matched and not self._report.dry_run:
            async with db.transaction() as tx:
                await ids.remember(tx, self._report.source, "user", matched)
        return known | matched

    async def _make(
        self, db: Repo, users: list[ImportedUser], new: Mapping[str, UUID]
    ) -> list[accounts.Made]:
        if not users:
            return []
        async with db.transaction() as tx:
            made = await accounts.create_imported_users(tx, users)
            await ids.remember(tx, self._report.source, "user", new)
        return made

    def _note(self, where: str, user: User, made: accounts.Made) -> None:
        if made.username != user.username.lower():
            detail = f"{user.username} → {made.username}"
            self._report.changed(where, "a username had to change", detail)
        if made.email_refused:
            self._report.changed(where, "an e-mail address was not taken", made.email_refused)


def _account(user: User, id: UUID) -> ImportedUser:
    return ImportedUser(
        id=id,
        username=user.username,
        display_name=user.display_name,
        email=without_nul(user.email).strip() if user.email else None,
        avatar_url=without_nul(user.avatar_url) if user.avatar_url else None,
        active=user.active,
        inserted_at=min(user.inserted_at, clock.now()) if user.inserted_at else clock.now(),
    )
