from typing import Any

import msgspec

from cgraph_kit.presence.entry import Entry
from cgraph_kit.presence.topic import Topic


def entry(key: str, ref: str) -> Entry:
    return Entry("room", key, ref, msgspec.json.encode({"phx_ref": ref}))


def diff(topic: Topic) -> Any:
    """Refs by key, of joins and of leaves."""
    taken = topic.take_diff()
    if taken is None:
        return None
    body = msgspec.json.decode(taken)
    return tuple(
        {key: [meta["phx_ref"] for meta in value["metas"]] for key, value in body[side].items()}
        for side in ("joins", "leaves")
    )


class TestTakeDiff:
    def test_is_empty_at_first_and_after_taking(self) -> None:
        topic = Topic(10)
        assert diff(topic) is None
        topic.add(entry("ann", "1"))
        assert diff(topic) == ({"ann": ["1"]}, {})
        assert diff(topic) is None
        assert not topic.has_news

    def test_has_no_side_for_who_came_and_went(self) -> None:
        topic = Topic(10)
        topic.add(entry("ann", "1"))
        topic.remove(entry("ann", "1"))
        assert diff(topic) is None

    def test_has_no_side_for_who_went_and_came(self) -> None:
        """As when a node falls silent and returns: in one diff, its leave would undo its join."""
        topic = Topic(10)
        topic.add(entry("ann", "1"))
        topic.take_diff()
        topic.remove(entry("ann", "1"))
        topic.add(entry("ann", "1"))
        assert diff(topic) is None
        assert topic.metas("ann") == [b'{"phx_ref":"1"}']

    def test_skips_the_steps_between(self) -> None:
        topic = Topic(10)
        topic.add(entry("ann", "1"))
        topic.take_diff()
        for old, new in (("1", "2"), ("2", "3")):
            topic.add(entry("ann", new))
            topic.remove(entry("ann", old))
        assert diff(topic) == ({"ann": ["3"]}, {"ann": ["1"]})

    def test_forgets_what_nobody_watches(self) -> None:
        topic = Topic(10)
        topic.add(entry("ann", "1"))
        topic.forget_news()
        assert diff(topic) is None
        assert b"ann" in topic.state().json


class TestRemove:
    def test_of_an_unknown_ref_changes_nothing(self) -> None:
        topic = Topic(1)
        topic.add(entry("ann", "1"))
        topic.add(entry("bob", "2"))
        topic.take_diff()
        for unknown in (entry("ann", "9"), entry("bob", "9"), entry("cid", "9")):
            topic.remove(unknown)
        assert list(topic) == ["ann", "bob"]
        assert diff(topic) is None


class TestLimit:
    def test_counts_everybody(self) -> None:
        topic = Topic(2)
        for number in range(5):
            topic.add(entry(str(number), str(number)))
        assert len(topic) == 5
        assert msgspec.json.decode(topic.state().json).keys() == {"0", "1"}
        assert topic.take_count() == b'{"count":5}'
        assert topic.take_count() is None
        assert topic.count() == b'{"count":5}'

    def test_keeps_the_hidden_in_the_order_they_came(self) -> None:
        topic = Topic(1)
        for key in ("ann", "bob", "cid"):
            topic.add(entry(key, key))
        topic.take_diff()
        topic.remove(entry("ann", "ann"))
        assert diff(topic) == ({"bob": ["bob"]}, {"ann": ["ann"]})

    def test_says_nothing_while_everybody_is_shown(self) -> None:
        topic = Topic(2)
        topic.add(entry("ann", "1"))
        assert topic.count() is None
        assert topic.take_count() is None
