"""What a push says, by what it may say."""

from typing import Any, get_args

import pytest

from cgraph.accounts import Person
from cgraph.notifications import KINDS, Kind, Look, PushPrivacy
from cgraph.notifications.outcomes import Outcome
from cgraph.notifications.words import (
    alert_payload,
    digest_payload,
    name_of,
    retract_payload,
    what,
)
from cgraph_kit import clock
from cgraph_kit.ids import new_id
from cgraph_kit.push import Payload

ANN = Person(new_id(), 1, "ann", "Ann Lee", None)
PLACE = new_id()


def outcome(kind: Kind = "mention") -> Outcome:
    ids = new_id(), new_id()
    now = clock.now()
    return Outcome(
        *ids, now, kind, "sent", "default", None, ANN.id, "conversation", PLACE, 4, ids[1], {}, {}, now
    )  # fmt: skip


def alert(privacy: PushPrivacy, kind: Kind = "mention", **given: Any) -> Payload:
    look = Look(**{"text": "the secret", "title": "Lounge"} | given)
    return alert_payload(outcome(kind), look, ANN, privacy, id=new_id(), badge=3)


class TestAlertPayload:
    @pytest.mark.parametrize(
        ("privacy", "title", "body", "kind"),
        [
            ("full", "Ann Lee in Lounge", "the secret", "mention"),
            ("sender", "Ann Lee in Lounge", "mentioned you", "mention"),
            ("nothing", "New notification", "", "notification"),
        ],
    )
    def test_says_what_it_may(self, privacy: PushPrivacy, title: str, body: str, kind: str) -> None:
        push = alert(privacy)
        assert (push.title, push.body, push.kind) == (title, body, kind)
        assert (push.badge, push.collapse) == (3, f"conversation:{PLACE}")
        assert push.data["scope_id"] == str(PLACE)

    def test_names_no_place_between_two(self) -> None:
        assert alert("sender", "dm", direct=True).title == "Ann Lee"
        assert alert("sender", title=None).title == "Ann Lee"

    def test_says_who_where_there_is_no_text(self) -> None:
        assert alert("full", text=None).body == "mentioned you"

    def test_of_what_nobody_did(self) -> None:
        push = alert("full", "scheduled_send_failed")
        assert (push.title, push.body) == ("A scheduled message could not be sent", "")

    def test_wakes_devices_for_what_is_meant_for_the_person(self) -> None:
        assert alert("full", "dm").urgency == "high"
        assert alert("full", "message").urgency == "normal"

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("privacy", get_args(PushPrivacy))
    def test_has_words_for_everything(self, kind: Kind, privacy: PushPrivacy) -> None:
        assert alert(privacy, kind).title
        assert what(kind)


class TestOthers:
    def test_a_digest_says_how_much(self) -> None:
        push = digest_payload(id=new_id(), count=7, badge=2)
        assert (push.title, push.badge) == ("7 new notifications", 2)

    def test_a_retraction_shows_nothing(self) -> None:
        push = retract_payload(id=new_id(), badge=0, words=["conversation:1"])
        assert push.silent
        assert (push.retract, push.badge) == (["conversation:1"], 0)

    def test_an_account_that_is_gone_is_somebody(self) -> None:
        assert name_of(None) == "Somebody"
