"""Accounts: who people are, how they prove it, and whom they do not want to hear from."""

from .access import (
    Keys,
)
from .account import (
    Deactivate,
    UpdateAccount,
    deactivate_account,
    get_account,
    hold_account,
    set_avatar,
    update_account,
)
from .admins import (
    grant_admin,
    is_admin,
    list_admins,
    revoke_admin,
)
from .auth import (
    Auth,
)
from .blocked import (
    NO_BLOCKS,
    Blocks,
    get_blocks,
)
from .blocks import (
    Block,
    block_user,
    can_contact,
    list_blocks,
    unblock_user,
)
from .errors import (
    AccountDeactivated,
    InvalidCredentials,
    InvalidResetToken,
    InvalidToken,
    RegistrationClosed,
    SessionEnded,
    SessionNotFound,
    TokenExpired,
    TokenReused,
    TooManyAttempts,
    TooManyBlocks,
    UsernameChangedTooOften,
    UserNotFound,
    WrongPassword,
)
from .events import (
    DurableEvent,
    ProfileUpdated,
    RevokedReason,
    RevokedSessions,
    SessionCreated,
    SessionRevoked,
    Unblocked,
    UserBlocked,
    UserEvent,
    UserUnblocked,
    record,
)
from .hashing import (
    Hasher,
)
from .housekeeping import (
    forget_expired,
)
from .imported import (
    ImportedUser,
    Made,
    create_imported_users,
    get_ids_by_emails,
    plan_imported_users,
)
from .jobs import (
    MailPasswordChanged,
    MailPasswordReset,
    mail_password_changed,
    mail_password_reset,
)
from .limits import (
    DEFAULT_LIMITS,
    Limits,
    limits_of,
)
from .login import (
    Guess,
    Login,
    log_in,
)
from .nodes import (
    follow,
    listener,
)
from .online import (
    come_online,
    forget_stale,
    go_offline,
    last_sign_of_life,
    list_online_ids,
    list_seen_ids,
)
from .origin import (
    Origin,
)
from .passwords import (
    ChangePassword,
    RequestReset,
    ResetPassword,
    change_password,
    confirm_password,
    request_password_reset,
    reset_password,
)
from .profile import (
    FindProfiles,
    Profile,
    find_profiles,
    get_profile,
)
from .refresh import (
    Refresh,
    refresh_session,
)
from .registration import (
    NewUser,
    register,
)
from .resets import (
    Owner,
    get_reset_owner,
)
from .searchable import list_searchable, scan_searchable
from .session import (
    Session,
    list_live_ids,
)
from .sessions import (
    RenameSession,
    list_sessions,
    log_out,
    rename_session,
    revoke_other_sessions,
    revoke_session,
)
from .tickets import TICKET_ERRORS, Ticket, issue_ticket, redeem_ticket
from .tokens import (
    SignedIn,
    Tokens,
)
from .user import (
    Actor,
    Person,
    State,
    Status,
    User,
    find_actor,
    find_user,
    get_people,
    get_people_by_usernames,
    list_active_ids,
)

__all__ = [
    "DEFAULT_LIMITS",
    "NO_BLOCKS",
    "TICKET_ERRORS",
    "AccountDeactivated",
    "Actor",
    "Auth",
    "Block",
    "Blocks",
    "ChangePassword",
    "Deactivate",
    "DurableEvent",
    "FindProfiles",
    "Guess",
    "Hasher",
    "ImportedUser",
    "InvalidCredentials",
    "InvalidResetToken",
    "InvalidToken",
    "Keys",
    "Limits",
    "Login",
    "Made",
    "MailPasswordChanged",
    "MailPasswordReset",
    "NewUser",
    "Origin",
    "Owner",
    "Person",
    "Profile",
    "ProfileUpdated",
    "Refresh",
    "RegistrationClosed",
    "RenameSession",
    "RequestReset",
    "ResetPassword",
    "RevokedReason",
    "RevokedSessions",
    "Session",
    "SessionCreated",
    "SessionEnded",
    "SessionNotFound",
    "SessionRevoked",
    "SignedIn",
    "State",
    "Status",
    "Ticket",
    "TokenExpired",
    "TokenReused",
    "Tokens",
    "TooManyAttempts",
    "TooManyBlocks",
    "Unblocked",
    "UpdateAccount",
    "User",
    "UserBlocked",
    "UserEvent",
    "UserNotFound",
    "UserUnblocked",
    "UsernameChangedTooOften",
    "WrongPassword",
    "block_user",
    "can_contact",
    "change_password",
    "come_online",
    "confirm_password",
    "create_imported_users",
    "deactivate_account",
    "find_actor",
    "find_profiles",
    "find_user",
    "follow",
    "forget_expired",
    "forget_stale",
    "get_account",
    "get_blocks",
    "get_ids_by_emails",
    "get_people",
    "get_people_by_usernames",
    "get_profile",
    "get_reset_owner",
    "go_offline",
    "grant_admin",
    "hold_account",
    "is_admin",
    "issue_ticket",
    "last_sign_of_life",
    "limits_of",
    "list_active_ids",
    "list_admins",
    "list_blocks",
    "list_live_ids",
    "list_online_ids",
    "list_searchable",
    "list_seen_ids",
    "list_sessions",
    "listener",
    "log_in",
    "log_out",
    "mail_password_changed",
    "mail_password_reset",
    "plan_imported_users",
    "record",
    "redeem_ticket",
    "refresh_session",
    "register",
    "rename_session",
    "request_password_reset",
    "reset_password",
    "revoke_admin",
    "revoke_other_sessions",
    "revoke_session",
    "scan_searchable",
    "set_avatar",
    "unblock_user",
    "update_account",
]
