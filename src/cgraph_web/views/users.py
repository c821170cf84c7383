"""People: one's own account is shown as it is, and so are others' profiles; signing in adds the tokens."""

import msgspec

from cgraph.accounts import Session, SignedIn, User


class SignedInView(msgspec.Struct, frozen=True):
    """Who signed in, and the tokens to keep."""

    user: User
    session: Session
    access_token: str
    """Sent as `Authorization: Bearer …` with every request."""
    refresh_token: str
    """Exchanged for a new pair; good until the first use of either token of that pair."""
    expires_in: int
    """Seconds the access token lives."""

    def __repr__(self) -> str:
        return "SignedInView(…)"


def signed_in(answer: SignedIn) -> SignedInView:
    """The answer to registering, logging in and refreshing."""
    tokens = answer.tokens
    return SignedInView(
        answer.user, answer.session, tokens.access_token, tokens.refresh_token, tokens.expires_in
    )
