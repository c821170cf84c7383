"""Notifications: what a person wants to hear of, what they are told, and why."""

from .delivery import Target, deliver, list_targets, record_outcome
from .device import NewApns, NewDevice, NewFcm, NewWebPush, PushDevice, SubscriptionKeys
from .devices import delete_device, forget_devices, get_device, list_devices, register_device
from .entries import count_unread_entries, hold_inboxes
from .errors import (
    DeviceNotFound,
    NotificationNotFound,
    PlatformNotSetUp,
    ScopeNotFound,
    WebPushNotSetUp,
)
from .events import (
    DurableEvent,
    InboxEntry,
    InboxMarked,
    NotificationCreated,
    NotificationPreferencesUpdated,
    NotificationsRead,
    NotificationsRemoved,
    NotificationsSeen,
    NotificationUpdated,
    QuietHoursUpdated,
)
from .explaining import Explained, explain
from .facts import Action, Decision, Explicit, Facts, State, Verdict
from .inbox import (
    InboxCount,
    ReadMark,
    count_notifications,
    delete_notification,
    forget_old,
    list_notifications,
    mark_notifications_read,
    mark_notifications_seen,
)
from .jobs import (
    SendTestPush,
    decide_notifications,
    retract_pushes,
    send_push,
    send_test_push,
    tell_held,
)
from .kinds import CHANNELS, KINDS, Channel, Kind, KindTraits, Reach
from .mailing import collect
from .notification import Notification, Shown
from .notifying import notify
from .occasion import Occasion, Subject, event_id
from .outcomes import AnyState, Outcome, list_told
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
    list_listeners,
    list_preferences,
    set_levels,
)
from .providers import open_pushers
from .quiet import QuietHours, Window, quiet_until
from .quiet_hours import NewQuietHours, QuietHoursShown, get_quiet_hours, set_quiet_hours
from .reading import (
    forget_places,
    leave_place,
    leave_places,
    list_told_places,
    read_place,
    withdraw,
    withdraw_all,
)
from .recipients import Recipient, get_recipients
from .record import keep_record
from .resolve import resolve
from .rules import RULES, Rule
from .scopes import DEFAULT_LEVELS, Level, PlaceKind, Scope, ScopeKind, conversation
from .sending import Push
from .sources import Look, Sources, Wanted
from .trace import Delivery, Traced, Way, WhichTraces, list_traces

__all__ = [
    "CHANNELS",
    "DEFAULT_LEVELS",
    "KINDS",
    "RULES",
    "Action",
    "AnyState",
    "Channel",
    "Decision",
    "Delivery",
    "DeviceNotFound",
    "DurableEvent",
    "Explained",
    "Explicit",
    "Facts",
    "GlobalPreference",
    "GlobalPreferenceChange",
    "InboxCount",
    "InboxEntry",
    "InboxMarked",
    "Instant",
    "Kind",
    "KindTraits",
    "Level",
    "Look",
    "NewApns",
    "NewDevice",
    "NewFcm",
    "NewQuietHours",
    "NewWebPush",
    "Notification",
    "NotificationCreated",
    "NotificationNotFound",
    "NotificationPreferencesUpdated",
    "NotificationUpdated",
    "NotificationsRead",
    "NotificationsRemoved",
    "NotificationsSeen",
    "Occasion",
    "Outcome",
    "PlaceKind",
    "PlatformNotSetUp",
    "Preference",
    "PreferenceChange",
    "Push",
    "PushDevice",
    "PushPrivacy",
    "QuietHours",
    "QuietHoursShown",
    "QuietHoursUpdated",
    "Reach",
    "ReadMark",
    "Recipient",
    "Rule",
    "Scope",
    "ScopeKind",
    "ScopeNotFound",
    "SendTestPush",
    "Shown",
    "Sources",
    "State",
    "Subject",
    "SubscriptionKeys",
    "Target",
    "Traced",
    "Verdict",
    "Wanted",
    "Way",
    "WebPushNotSetUp",
    "WhichTraces",
    "Window",
    "change_global_preference",
    "change_preference",
    "collect",
    "conversation",
    "count_notifications",
    "count_unread_entries",
    "decide_notifications",
    "delete_device",
    "delete_notification",
    "deliver",
    "event_id",
    "explain",
    "forget_devices",
    "forget_old",
    "forget_places",
    "forget_preference",
    "forget_scope",
    "get_device",
    "get_global_preference",
    "get_preference",
    "get_quiet_hours",
    "get_recipients",
    "hold_inboxes",
    "keep_record",
    "leave_place",
    "leave_places",
    "list_devices",
    "list_listeners",
    "list_notifications",
    "list_preferences",
    "list_targets",
    "list_told",
    "list_told_places",
    "list_traces",
    "mark_notifications_read",
    "mark_notifications_seen",
    "notify",
    "open_pushers",
    "quiet_until",
    "read_place",
    "record_outcome",
    "register_device",
    "resolve",
    "retract_pushes",
    "send_push",
    "send_test_push",
    "set_levels",
    "set_quiet_hours",
    "tell_held",
    "withdraw",
    "withdraw_all",
]
