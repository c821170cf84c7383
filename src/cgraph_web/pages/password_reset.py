"""`/reset`: a password is forgotten, and set anew by the link that was mailed; the rules are the API's."""

import msgspec

from cgraph import accounts
from cgraph.accounts import RequestReset, ResetPassword
from cgraph.application import App
from cgraph_kit.db import Repo
from cgraph_kit.errors import Error, Invalid
from cgraph_kit.validation import Input, Text
from cgraph_web.action import Form, action
from cgraph_web.api.origin import origin_of
from cgraph_web.exchange import Exchange
from cgraph_web.response import Response

from .page import page, refusal


class NewPassword(Input, frozen=True):
    """The password somebody wants, typed twice."""

    password: Text
    again: Text

    def __repr__(self) -> str:
        return "NewPassword(…)"


@action(public=True, hidden=True)
async def ask() -> Response:
    """Where a link can be asked for."""
    return page("reset_ask", problem=None, email="")


@action(public=True, hidden=True)
async def send(db: Repo, app: App, exchange: Exchange, new: Form[RequestReset]) -> Response:
    """Have a link mailed, if there is an account of this address; the answer does not tell."""
    try:
        await accounts.request_password_reset(db, app.auth, new, origin_of(exchange))
    except Error as error:
        return refusal("reset_ask", error, email=new.email)
    return page(
        "message",
        title="Look into your mail",
        text="If there is an account of this address, a link that sets a new password is on its way to it.",
    )


@action(public=True, hidden=True)
async def choose(db: Repo, token: str) -> Response:
    """Where the link leads. Looking at it uses nothing up."""
    try:
        owner = await accounts.get_reset_owner(db, token)
    except accounts.InvalidResetToken as error:
        return _spent(error)
    return page("reset_choose", problem=None, username=owner.username)


@action(public=True, hidden=True)
async def save(db: Repo, app: App, token: str, new: Form[NewPassword]) -> Response:
    """Set the password; the link is worth nothing after that."""
    try:
        owner = await accounts.get_reset_owner(db, token)
        try:
            await accounts.reset_password(db, app.auth, _checked(token, new))
        except accounts.InvalidResetToken:
            raise
        except Error as error:
            return refusal("reset_choose", error, username=owner.username)
    except accounts.InvalidResetToken as error:
        return _spent(error)
    return page(
        "message",
        title="The password is set",
        text="Log in with it. All devices were logged out.",
    )


def _checked(token: str, new: NewPassword) -> ResetPassword:
    if new.password != new.again:
        raise Invalid(fields={"again": ["is not the same password twice"]})
    return msgspec.convert({"token": token, "password": new.password}, ResetPassword)


def _spent(error: Error) -> Response:
    return refusal("spent", error)
