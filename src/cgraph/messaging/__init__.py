"""Messaging: conversations between people, what is said in them, and who has read it.

Reads and writes take the actor; whoever is not, or no longer, in a conversation gets `ConversationNotFound`.
"""

from .access import Access, Topic, topic_of
from .acquainted import (
    find_acquainted,
)
from .attaching import NewVoice, Voice
from .badges import count_badges
from .bulk import (
    ImportedConversation,
    ImportedMark,
    ImportedPlace,
    import_conversation,
    import_conversations,
    import_marks,
    import_participants,
    import_places,
)
from .calling import AllowedMentions, allow_people, allow_roles, allows_everyone
from .content import is_blank
from .conversation import (
    Conversation,
    ConversationChange,
    LastMessage,
    NewConversation,
    NewGroup,
)
from .conversations import Opened, create_group, open_conversation, open_direct
from .crowds import call_here, get_called_by_name
from .deletion import delete_message, delete_messages, delete_messages_of
from .edits import Revision, edit_message, list_edits
from .entering import Reader, count_in_place, count_in_places, verify_in_places, without_first
from .errors import (
    CannotAdd,
    CannotContact,
    CannotReact,
    CannotSend,
    ConversationNotFound,
    EditWindowClosed,
    MessageNotFound,
    NotAGroup,
    NotAuthor,
    NotOwner,
    ParticipantNotFound,
    ScheduledMessageNotFound,
    SlowMode,
    TooManyParticipants,
    TooManyPins,
    TooManyReactions,
    TooManyScheduledMessages,
    VoiceStays,
)
from .events import (
    AccessLost,
    AllDeletedPayload,
    ConversationAdded,
    ConversationEvent,
    ConversationPayload,
    ConversationRemoved,
    ConversationSettingsUpdated,
    CountersDrifted,
    DeletedPayload,
    DeliveredUpdated,
    EditedPayload,
    MessageDeleted,
    MessageEdited,
    MessagesDeleted,
    MessageSent,
    MessageUnpinned,
    PreviewsPayload,
    PreviewsUpdated,
    ReactionAdded,
    ReactionPayload,
    ReactionRemoved,
    ReadMarked,
    ReadUpdated,
    ScheduledMessageGone,
    ScheduledMessageRemoved,
    ScheduledMessageUpdated,
    UnpinnedPayload,
)
from .exporting import export_history
from .gates import NOBODY, PARTICIPANTS, Called, Gate, Taken, can_type, hold_place, take_place
from .hearing import Audience, Call, Hearing
from .histories import (
    Histories,
    ImportedMessage,
    ImportedPin,
    ImportedReaction,
    find_message_ids,
    import_histories,
    import_messages,
)
from .jobs import (
    check_unread_counters,
    erase_expired_messages,
    notify_participants,
    send_scheduled,
)
from .limits import DEFAULT_LIMITS, Limits, limits_of
from .log import read_hole, read_own_since, read_since
from .looking import look, look_in_places
from .marks import (
    DeliveredMarker,
    Marker,
    ReadMarker,
    mark_delivered,
    mark_read,
    mark_unread,
)
from .mentions import audible, names_in
from .message import (
    Message,
    MessageEdit,
    MessagePayload,
    NewMessage,
    Quoted,
    ReactionCount,
)
from .notifying import get_read_seqs
from .occasions import place_of
from .overview import get_conversation, list_conversations
from .participants import (
    NewParticipants,
    Participant,
    add_participants,
    leave_conversation,
    list_participants,
    remove_participant,
    update_conversation,
)
from .pending import hold_telling, waking
from .pins import list_pins, pin_message, unpin_message
from .places import (
    create_place,
    create_places,
    delete_places,
    get_active_at,
    leave_places,
    list_entered,
    silence_in_places,
)
from .preferences import (
    Preferences,
    PreferencesChange,
    change_notification_preference,
    get_notification_places,
    get_notification_preference,
    update_preferences,
)
from .previewing import set_previews_suppressed, show_previews
from .reactions import add_reaction, check_emoji, remove_reaction
from .readable import (
    Neighbours,
    ReadableConversation,
    ReadUntil,
    Spot,
    list_messages_at,
    list_neighbours,
    list_read_until,
    list_readable_conversations,
)
from .reading import get_message, list_messages
from .recount import recount
from .removing import remove_message
from .scheduled import NewScheduledMessage, ScheduledMessage, ScheduledMessageChange
from .scheduling import (
    cancel_scheduled_message,
    get_scheduled_message,
    list_scheduled_messages,
    schedule_message,
    send_scheduled_message_now,
    update_scheduled_message,
)
from .searchable import list_searchable, scan_searchable
from .sending import Sent, send_message
from .showing import list_shown
from .stored import announce
from .sweeping import sweep_places
from .unread import (
    Unread,
    UnreadOf,
    Verified,
    count_unread,
    get_unread,
    list_participant_ids,
    list_unread,
    verify_unread,
)
from .withdrawing import withdraw_calls

DurableConversationEvent = (
    MessageSent
    | MessageEdited
    | MessageDeleted
    | ReactionAdded
    | ReactionRemoved
    | MessageUnpinned
    | PreviewsUpdated
)
"""Each is pushed as its `type` on `conversation:<conversation_id>`."""
DurablePlaceEvent = DurableConversationEvent | MessagesDeleted
"""The same on `channel:<id>` and `thread:<id>`."""
DurableUserEvent = (
    ConversationAdded
    | ConversationRemoved
    | ReadMarked
    | ConversationSettingsUpdated
    | ScheduledMessageUpdated
    | ScheduledMessageRemoved
)
"""Each is pushed as its `type` on `user:<user_id>`."""

__all__ = [
    "DEFAULT_LIMITS",
    "NOBODY",
    "PARTICIPANTS",
    "Access",
    "AccessLost",
    "AllDeletedPayload",
    "AllowedMentions",
    "Audience",
    "Call",
    "Called",
    "CannotAdd",
    "CannotContact",
    "CannotReact",
    "CannotSend",
    "Conversation",
    "ConversationAdded",
    "ConversationChange",
    "ConversationEvent",
    "ConversationNotFound",
    "ConversationPayload",
    "ConversationRemoved",
    "ConversationSettingsUpdated",
    "CountersDrifted",
    "DeletedPayload",
    "DeliveredMarker",
    "DeliveredUpdated",
    "DurableConversationEvent",
    "DurablePlaceEvent",
    "DurableUserEvent",
    "EditWindowClosed",
    "EditedPayload",
    "Gate",
    "Hearing",
    "Histories",
    "ImportedConversation",
    "ImportedMark",
    "ImportedMessage",
    "ImportedPin",
    "ImportedPlace",
    "ImportedReaction",
    "LastMessage",
    "Limits",
    "Marker",
    "Message",
    "MessageDeleted",
    "MessageEdit",
    "MessageEdited",
    "MessageNotFound",
    "MessagePayload",
    "MessageSent",
    "MessageUnpinned",
    "MessagesDeleted",
    "Neighbours",
    "NewConversation",
    "NewGroup",
    "NewMessage",
    "NewParticipants",
    "NewScheduledMessage",
    "NewVoice",
    "NotAGroup",
    "NotAuthor",
    "NotOwner",
    "Opened",
    "Participant",
    "ParticipantNotFound",
    "Preferences",
    "PreferencesChange",
    "PreviewsPayload",
    "PreviewsUpdated",
    "Quoted",
    "ReactionAdded",
    "ReactionCount",
    "ReactionPayload",
    "ReactionRemoved",
    "ReadMarked",
    "ReadMarker",
    "ReadUntil",
    "ReadUpdated",
    "ReadableConversation",
    "Reader",
    "Revision",
    "ScheduledMessage",
    "ScheduledMessageChange",
    "ScheduledMessageGone",
    "ScheduledMessageNotFound",
    "ScheduledMessageRemoved",
    "ScheduledMessageUpdated",
    "Sent",
    "SlowMode",
    "Spot",
    "Taken",
    "TooManyParticipants",
    "TooManyPins",
    "TooManyReactions",
    "TooManyScheduledMessages",
    "Topic",
    "UnpinnedPayload",
    "Unread",
    "UnreadOf",
    "Verified",
    "Voice",
    "VoiceStays",
    "add_participants",
    "add_reaction",
    "allow_people",
    "allow_roles",
    "allows_everyone",
    "announce",
    "audible",
    "call_here",
    "can_type",
    "cancel_scheduled_message",
    "change_notification_preference",
    "check_emoji",
    "check_unread_counters",
    "count_badges",
    "count_in_place",
    "count_in_places",
    "count_unread",
    "create_group",
    "create_place",
    "create_places",
    "delete_message",
    "delete_messages",
    "delete_messages_of",
    "delete_places",
    "edit_message",
    "erase_expired_messages",
    "export_history",
    "find_acquainted",
    "find_message_ids",
    "get_active_at",
    "get_called_by_name",
    "get_conversation",
    "get_message",
    "get_notification_places",
    "get_notification_preference",
    "get_read_seqs",
    "get_scheduled_message",
    "get_unread",
    "hold_place",
    "hold_telling",
    "import_conversation",
    "import_conversations",
    "import_histories",
    "import_marks",
    "import_messages",
    "import_participants",
    "import_places",
    "is_blank",
    "leave_conversation",
    "leave_places",
    "limits_of",
    "list_conversations",
    "list_edits",
    "list_entered",
    "list_messages",
    "list_messages_at",
    "list_neighbours",
    "list_participant_ids",
    "list_participants",
    "list_pins",
    "list_read_until",
    "list_readable_conversations",
    "list_scheduled_messages",
    "list_searchable",
    "list_shown",
    "list_unread",
    "look",
    "look_in_places",
    "mark_delivered",
    "mark_read",
    "mark_unread",
    "names_in",
    "notify_participants",
    "open_conversation",
    "open_direct",
    "pin_message",
    "place_of",
    "read_hole",
    "read_own_since",
    "read_since",
    "recount",
    "remove_message",
    "remove_participant",
    "remove_reaction",
    "scan_searchable",
    "schedule_message",
    "send_message",
    "send_scheduled",
    "send_scheduled_message_now",
    "set_previews_suppressed",
    "show_previews",
    "silence_in_places",
    "sweep_places",
    "take_place",
    "topic_of",
    "unpin_message",
    "update_conversation",
    "update_preferences",
    "update_scheduled_message",
    "verify_in_places",
    "verify_unread",
    "waking",
    "withdraw_calls",
    "without_first",
]
