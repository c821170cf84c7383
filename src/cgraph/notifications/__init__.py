"""Notifications: what a person wants to hear of, what they are told, and why."""

from .errors import ScopeNotFound
from .events import DurableEvent, NotificationPreferencesUpdated, QuietHoursUpdated
from .explaining import Explained, explain
from .facts import Action, Decision, Explicit, Facts, State, Verdict
from .kinds import CHANNELS, KINDS, Channel, Kind, KindTraits, Reach
from .preference import (
    GlobalPreference,
    GlobalPreferenceChange,
    Instant,
    Preference,
    PreferenceChange,
    PushPrivacy,
)
from .preferences import (
    change_global_preference,
    change_preference,
    forget_preference,
    forget_scope,
    get_global_preference,
    get_preference,
    list_preferences,
)
from .quiet import QuietHours, Window, quiet_until
from .quiet_hours import NewQuietHours, QuietHoursShown, get_quiet_hours, set_quiet_hours
from .recipients import Recipient, get_recipients
from .record import keep_record
from .resolve import resolve
from .rules import RULES, Rule
from .scopes import DEFAULT_LEVELS, Level, PlaceKind, Scope, ScopeKind, conversation

__all__ = [
    "CHANNELS",
    "DEFAULT_LEVELS",
    "KINDS",
    "RULES",
    "Action",
    "Channel",
    "Decision",
    "DurableEvent",
    "Explained",
    "Explicit",
    "Facts",
    "GlobalPreference",
    "GlobalPreferenceChange",
    "Instant",
    "Kind",
    "KindTraits",
    "Level",
    "NewQuietHours",
    "NotificationPreferencesUpdated",
    "PlaceKind",
    "Preference",
    "PreferenceChange",
    "PushPrivacy",
    "QuietHours",
    "QuietHoursShown",
    "QuietHoursUpdated",
    "Reach",
    "Recipient",
    "Rule",
    "Scope",
    "ScopeKind",
    "ScopeNotFound",
    "State",
    "Verdict",
    "Window",
    "change_global_preference",
    "change_preference",
    "conversation",
    "explain",
    "forget_preference",
    "forget_scope",
    "get_global_preference",
    "get_preference",
    "get_quiet_hours",
    "get_recipients",
    "keep_record",
    "list_preferences",
    "quiet_until",
    "resolve",
    "set_quiet_hours",
]
