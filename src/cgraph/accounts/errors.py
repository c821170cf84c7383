"""What can go wrong with accounts, by name and wire code."""

from cgraph_kit.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthorized


class RegistrationClosed(Forbidden):
    code = "registration_closed"
    default = "registration is closed"


class InvalidCredentials(Unauthorized):
    """The same for a name nobody has and a wrong password."""

    code = "invalid_credentials"
    default = "the login or the password is not correct"


class TooManyAttempts(RateLimited):
    code = "too_many_attempts"
    default = "too many attempts, try again later"


class AccountDeactivated(Forbidden):
    """Told only to who knows the password of an account an administrator has deactivated."""

    code = "account_deactivated"
    default = "this account has been deactivated"


class InvalidToken(Unauthorized):
    """Not a token of ours, or one that no longer stands for anything: log in again."""

    code = "invalid_token"
    default = "the token is not valid"


class TokenExpired(Unauthorized):
    """An access token past its time: refresh and try again."""

    code = "token_expired"
    default = "the token has expired"


class SessionEnded(Unauthorized):
    code = "session_revoked"
    default = "this session has ended"


class TokenReused(Unauthorized):
    """A refresh token was used after its successor: somebody else may hold a copy, so the session is over."""

    code = "token_reused"
    default = "this refresh token was used before; the session has been ended"


class WrongPassword(Invalid):
    """The current password, asked for again before something that matters."""

    code = "wrong_password"
    default = "the password is not correct"


class InvalidResetToken(Invalid):
    code = "invalid_reset_token"
    default = "the reset token is not valid or has expired"


class UsernameChangedTooOften(RateLimited):
    code = "username_changed_too_often"
    default = "the username was changed too often"


class UserNotFound(NotFound):
    code = "user_not_found"
    default = "there is no such user"


class SessionNotFound(NotFound):
    code = "session_not_found"
    default = "there is no such session"


class TooManyBlocks(Conflict):
    code = "too_many_blocks"
    default = "the block list is full"
