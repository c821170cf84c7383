"""What a push says, by what it may say. Pure."""

from uuid import UUID

from cgraph.accounts import Person
from cgraph_kit.push import Payload, Urgency

from .kinds import KINDS, Kind
from .outcomes import Outcome
from .preference import PushPrivacy
from .sources import Look

SOMEBODY = "Somebody"
BY_KIND: dict[Kind, str] = {
    "dm": "sent you a message",
    "message": "sent a message",
    "mention": "mentioned you",
    "role_mention": "mentioned a role of yours",
    "everyone": "called everyone",
    "reply": "replied to you",
    "thread_reply": "replied in a thread",
    "quote": "quoted you",
    "post_reply": "commented on your post",
    "comment_reply": "replied to your comment",
    "followed_post": "commented on a post you follow",
    "forum_post": "posted in a forum you watch",
    "reaction": "reacted to your message",
    "friend_request": "wants to be your friend",
    "invite": "invited you",
    "message_request": "wants to write to you",
}
"""What somebody did, to be read behind their name."""
PLAIN: dict[Kind, str] = {
    "vote_milestone": "Your contribution is popular",
    "reminder": "A reminder",
    "scheduled_send_failed": "A scheduled message could not be sent",
    "moderation": "A decision of the moderators",
    "system": "A word of the operator",
    "security": "Something happened to your account",
}
"""What happened, where nobody did it."""
UNSAID = "New notification"
UNNAMED = "notification"
"""The kind of a push that is to say nothing."""


def name_of(person: Person | None) -> str:
    """How somebody wants to be called."""
    return (person.display_name or person.username) if person else SOMEBODY


def what(kind: Kind) -> str:
    """To be read behind a name, or alone where nobody did it."""
    return BY_KIND.get(kind) or PLAIN[kind]


def word(outcome: Outcome) -> str:
    """What pushes of one place replace each other by."""
    return collapse_word(outcome.scope or outcome.kind, outcome.scope_id or outcome.event_id)


def collapse_word(scope: str, id: UUID) -> str:
    """The same from its parts."""
    return f"{scope}:{id}"


def alert_payload(
    outcome: Outcome,
    look: Look,
    sender: Person | None,
    privacy: PushPrivacy,
    *,
    id: UUID,
    badge: int,
) -> Payload:
    """One event, told with as much as the person wants to be said."""
    title, body = _texts(outcome.kind, look, sender, privacy)
    return Payload(
        id=str(id),
        kind=UNNAMED if privacy == "nothing" else outcome.kind,
        title=title,
        body=body,
        data=_way(outcome),
        badge=badge,
        collapse=word(outcome),
        urgency=_urgency(outcome.kind),
    )


def digest_payload(*, id: UUID, count: int, badge: int) -> Payload:
    """Many events at once, after quiet hours: how many, and nothing else."""
    return Payload(
        id=str(id),
        kind="digest",
        title=f"{count} new notifications",
        body="They came during your quiet hours.",
        data={"count": str(count)},
        badge=badge,
        collapse="digest",
    )


def retract_payload(*, id: UUID, badge: int, words: list[str]) -> Payload:
    """Take away what was read elsewhere, and correct the number."""
    return Payload(id=str(id), kind="retract", retract=words, badge=badge, ttl=3600)


def _texts(kind: Kind, look: Look, sender: Person | None, privacy: PushPrivacy) -> tuple[str, str]:
    if privacy == "nothing":
        return UNSAID, ""
    if kind in PLAIN:
        return PLAIN[kind], ""
    who = name_of(sender)
    title = f"{who} in {look.title}" if look.title and not look.direct else who
    if privacy == "full" and look.text:
        return title, look.text
    return title, what(kind)


def _way(outcome: Outcome) -> dict[str, str]:
    """Where a tap leads."""
    ids = {
        "event_id": outcome.event_id,
        "notification_id": outcome.notification_id,
        "scope_id": outcome.scope_id,
        "object_id": outcome.object_id,
    }
    way = {name: str(id) for name, id in ids.items() if id is not None}
    return way | ({"scope": outcome.scope} if outcome.scope else {})


def _urgency(kind: Kind) -> Urgency:
    return "normal" if KINDS[kind].reach == "everything" else "high"
