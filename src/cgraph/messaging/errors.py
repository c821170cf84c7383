"""What can go wrong in messaging, by name and wire code."""

from cgraph_kit.errors import Conflict, Forbidden, NotFound, RateLimited


class ConversationNotFound(NotFound):
    """Also for who is not, or no longer, in it."""

    code = "conversation_not_found"
    default = "there is no such conversation"


class MessageNotFound(NotFound):
    """Also for what was said before one joined."""

    code = "message_not_found"
    default = "there is no such message"


class ScheduledMessageNotFound(NotFound):
    """Also once it has been said."""

    code = "scheduled_message_not_found"
    default = "there is no such scheduled message"


class ParticipantNotFound(NotFound):
    code = "participant_not_found"
    default = "this person is not in the conversation"


class CannotSend(Forbidden):
    """A block stands between the two people of a direct conversation; whose is not told."""

    code = "cannot_send"
    default = "this conversation is read-only"


class SlowMode(RateLimited):
    """`retry_after`: seconds until the next message may be said there."""

    code = "slow_mode"
    default = "there is slow mode here, wait before you say more"


class CannotContact(Forbidden):
    """No direct conversation may be opened with this person; why is not told."""

    code = "cannot_contact"
    default = "you cannot write to this person"


class CannotAdd(Forbidden):
    """Somebody may not be brought into a group by this person; who and why is not told."""

    code = "cannot_add"
    default = "you cannot add these people"


class CannotReact(Forbidden):
    code = "cannot_react"
    default = "you cannot react to this message"


class NotAuthor(Forbidden):
    code = "not_author"
    default = "only its author may do this"


class NotOwner(Forbidden):
    code = "not_owner"
    default = "only the owner of the conversation may do this"


class VoiceStays(Forbidden):
    code = "voice_message"
    default = "a voice message cannot be edited, only deleted"


class EditWindowClosed(Forbidden):
    code = "edit_window_closed"
    default = "this message can no longer be edited"


class NotAGroup(Conflict):
    code = "not_a_group"
    default = "this is not a group conversation"


class TooManyParticipants(Conflict):
    code = "too_many_participants"
    default = "the conversation is full"


class TooManyReactions(Conflict):
    code = "too_many_reactions"
    default = "this message has as many different reactions as it may"


class TooManyPins(Conflict):
    code = "too_many_pins"
    default = "this conversation has as many pinned messages as it may"


class TooManyScheduledMessages(Conflict):
    code = "too_many_scheduled_messages"
    default = "you have as many scheduled messages as you may"
