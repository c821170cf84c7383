"""What there is to hear of."""

from typing import Literal, NamedTuple

Channel = Literal["in_app", "push", "email"]
CHANNELS: tuple[Channel, ...] = ("in_app", "push", "email")

Kind = Literal[
    "dm",
    "message",
    "mention",
    "role_mention",
    "everyone",
    "reply",
    "thread_reply",
    "quote",
    "post_reply",
    "comment_reply",
    "followed_post",
    "forum_post",
    "reaction",
    "vote_milestone",
    "friend_request",
    "invite",
    "message_request",
    "reminder",
    "scheduled_send_failed",
    "moderation",
    "system",
    "security",
]

Reach = Literal["everything", "reply", "mention", "direct", "personal"]
"""What a kind is to the person: something said where they are, an answer to them or theirs, their name, words to them
alone, or a matter of their own that belongs to no place."""

ALL = frozenset(CHANNELS)


class KindTraits(NamedTuple):
    """How a kind is treated."""

    reach: Reach
    channels: frozenset[Channel]
    """The ways it may go at all."""
    text: str
    """For the documentation."""
    always: frozenset[Channel] = frozenset()
    """The ways it goes whatever the person has set."""


KINDS: dict[Kind, KindTraits] = {
    "dm": KindTraits("direct", ALL, "A message in a direct conversation."),
    # Conversations list themselves, with what is unread in them: the inbox would only repeat it.
    "message": KindTraits(
        "everything", frozenset({"push"}), "Anything else said in a group, a channel or a thread."
    ),
    "mention": KindTraits("mention", ALL, "Somebody wrote the person's name."),
    "role_mention": KindTraits("mention", ALL, "Somebody wrote the name of a role they have."),
    "everyone": KindTraits("mention", ALL, "Somebody called everyone there."),
    "reply": KindTraits("reply", ALL, "An answer to a message of theirs."),
    "thread_reply": KindTraits("reply", ALL, "An answer in a thread they began or wrote in."),
    "quote": KindTraits("reply", ALL, "Somebody quoted them."),
    "post_reply": KindTraits("reply", ALL, "A comment on a post of theirs."),
    "comment_reply": KindTraits("reply", ALL, "An answer to a comment of theirs."),
    "followed_post": KindTraits("everything", ALL, "A comment on a post they follow."),
    # Only those who asked for posts are told of them: whatever reaches them there at all, this does.
    "forum_post": KindTraits("reply", ALL, "A new post in a forum they watch."),
    "reaction": KindTraits("reply", frozenset({"in_app"}), "A reaction to something of theirs."),
    "vote_milestone": KindTraits(
        "reply", frozenset({"in_app"}), "Votes for something of theirs reached a round number."
    ),
    "friend_request": KindTraits("personal", ALL, "Somebody wants to be their friend."),
    "invite": KindTraits("personal", ALL, "Somebody invited them to a place."),
    "message_request": KindTraits("personal", ALL, "A stranger wants to write to them."),
    "reminder": KindTraits("personal", frozenset({"in_app", "push"}), "They asked to be reminded."),
    "scheduled_send_failed": KindTraits(
        "personal", frozenset({"in_app", "push"}), "What they had scheduled could not be sent."
    ),
    "moderation": KindTraits(
        "personal", ALL, "A decision of moderators about them or theirs.", frozenset({"in_app"})
    ),
    "system": KindTraits("personal", ALL, "A word of the operator.", frozenset({"in_app"})),
    "security": KindTraits("personal", ALL, "Something happened to their account.", ALL),
}
