"""A workspace, read from a zip made in the documented shape."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cgraph.imports.records import (
    Channel,
    Conversation,
    Group,
    Item,
    Member,
    Message,
    Pin,
    Problem,
    Reaction,
    Unreadable,
    User,
)
from cgraph.imports.slack.export import SlackExport
from support.exports import Slack


@pytest.fixture
def slack() -> Slack:
    slack = Slack()
    slack.user("U1", "ann", profile={"email": "ann@example.org", "display_name": "Annie"})
    slack.user("U2", "bob", deleted=True)
    slack.channel("C1", "general", ["U1", "U2"])
    return slack


class Export:
    """What came out of a reading, by kind."""

    def __init__(self, path: Path) -> None:
        self.reader = SlackExport(str(path))
        found = list(self.reader)
        records = [item.record for item in found if isinstance(item, Item)]
        self.problems = [item for item in found if isinstance(item, Problem)]
        self.users = {record.id: record for record in records if isinstance(record, User)}
        self.places = {r.id: r for r in records if isinstance(r, Conversation)}
        self.messages = [record for record in records if isinstance(record, Message)]


def export(slack: Slack, tmp_path: Path) -> Export:
    return Export(slack.zip(tmp_path / "export.zip"))


class TestSlackExport:
    def test_people(self, slack: Slack, tmp_path: Path) -> None:
        read = export(slack, tmp_path)
        assert read.reader.source == "slack:T0001"
        assert read.users["U1"] == User(
            id="U1", username="ann", display_name="Annie", email="ann@example.org"
        )
        assert read.users["U2"].display_name == "Bob"
        assert not read.users["U2"].active

    def test_places(self, slack: Slack, tmp_path: Path) -> None:
        slack.dm("D1", ["U1", "U2"])
        slack.dm("D2", ["U1"])
        slack.mpims.append({"id": "G1", "name": "mpdm-ann--bob-1", "members": ["U1", "U2"]})
        places = export(slack, tmp_path).places
        created = datetime(2020, 1, 1, tzinfo=UTC)
        assert places["C1"] == Conversation(
            id="C1", name="general", owner="U1", participants=("U1", "U2"), inserted_at=created
        )
        assert [places[id].type for id in ("D1", "D2", "G1")] == ["direct", "self", "group"]
        assert places["G1"].name is None

    def test_messages_in_order_of_time(self, slack: Slack, tmp_path: Path) -> None:
        slack.say("general", "2020-01-02", "U1", "third", "1577923201.000100")
        slack.say("general", "2020-01-01", "U1", "second", "1577836801.000200")
        slack.say("general", "2020-01-01", "U2", "first", "1577836801.000100")
        read = export(slack, tmp_path)
        assert [message.content for message in read.messages] == ["first", "second", "third"]
        assert read.messages[0].inserted_at == datetime(2020, 1, 1, 0, 0, 1, 100, UTC)
        assert read.reader.done == read.reader.total

    def test_threads_reactions_edits_pins_and_mentions(self, slack: Slack, tmp_path: Path) -> None:
        first, second = "1577836801.000100", "1577836802.000100"
        slack.say(
            "general",
            "2020-01-01",
            "U1",
            "hi <@U2> :wave:",
            first,
            thread_ts=first,
            reactions=[{"name": "+1::skin-tone-2", "users": ["U2"], "count": 1}],
            edited={"user": "U1", "ts": "1577836900.000000"},
        )
        slack.say("general", "2020-01-01", "U2", "yes", second, thread_ts=first)
        slack.channels[0]["pins"] = [{"id": first, "type": "C", "user": "U1", "owner": "U2"}]
        said, answer = export(slack, tmp_path).messages
        assert said.content == "hi @U2 👋"
        assert said.mentions == {"@U2": "U2"}
        assert said.reactions == (Reaction("👍🏻", ("U2",)),)
        assert said.edited_at == datetime(2020, 1, 1, 0, 1, 40, tzinfo=UTC)
        assert said.pinned == Pin("U2")
        assert said.reply_to is None
        assert answer.reply_to == first

    def test_what_tells_of_the_channel_is_left_out_and_counted(
        self, slack: Slack, tmp_path: Path
    ) -> None:
        slack.say("general", "2020-01-01", "U1", "joined", "1577836801.1", subtype="channel_join")
        slack.say("general", "2020-01-01", "U1", "gone", "1577836802.1", subtype="tombstone")
        read = export(slack, tmp_path)
        assert read.messages == []
        assert {problem.outcome for problem in read.problems} == {"left out"}

    def test_bots_and_guests_become_people(self, slack: Slack, tmp_path: Path) -> None:
        slack.days["general/2020-01-01.json"] = [
            {
                "type": "message",
                "subtype": "bot_message",
                "bot_id": "B1",
                "username": "deploy",
                "text": "",
                "ts": "1577836801.000100",
                "attachments": [{"title": "Build 7", "text": "is <https://ci.example|green>"}],
            },
            {
                "type": "message",
                "user": "U9",
                "text": "hello",
                "ts": "1577836802.000100",
                "user_profile": {"name": "zoe", "real_name": "Zoe Z"},
            },
            {
                "type": "message",
                "bot_id": "B2",
                "bot_profile": {"name": "poll"},
                "text": "",
                "ts": "1577836803.000100",
                "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Lunch?"}}],
            },
        ]
        read = export(slack, tmp_path)
        assert read.users["B1"].username == "deploy"
        assert read.users["U9"].display_name == "Zoe Z"
        assert read.users["B2"].username == "poll"
        assert [message.content for message in read.messages] == [
            "Build 7\nis green (https://ci.example)",
            "hello",
            "Lunch?",
        ]

    def test_files_stay_where_they_are_but_are_linked_and_reported(
        self, slack: Slack, tmp_path: Path
    ) -> None:
        file = {"name": "plan.pdf", "title": "Plan <b>", "permalink": "https://f.example/1"}
        slack.say("general", "2020-01-01", "U1", "see", "1577836801.1", files=[file, None])
        read = export(slack, tmp_path)
        assert read.messages[0].content == "see\nPlan <b> (https://f.example/1)"
        assert [problem.outcome for problem in read.problems] == ["changed", "changed"]

    def test_custom_emoji_keep_their_names(self, slack: Slack, tmp_path: Path) -> None:
        reactions = [{"name": "partyparrot", "users": ["U1"]}, {"name": "tada", "users": ["U1"]}]
        slack.say("general", "2020-01-01", "U1", ":shipit:", "1577836801.1", reactions=reactions)
        [said] = export(slack, tmp_path).messages
        assert said.content == ":shipit:"
        assert said.reactions == (Reaction(":partyparrot:", ("U1",)), Reaction("🎉", ("U1",)))

    def test_reactions_of_people_it_does_not_name_are_reported(
        self, slack: Slack, tmp_path: Path
    ) -> None:
        reactions = [{"name": "tada", "users": ["U1"], "count": 60}]
        slack.say("general", "2020-01-01", "U1", "see", "1577836801.1", reactions=reactions)
        [problem] = export(slack, tmp_path).problems
        assert problem.detail == ":tada: by 59 the export does not name"

    @pytest.mark.parametrize(
        "entry",
        [
            7,
            None,
            {},
            {"type": "message", "user": "U1", "text": "x", "ts": "now"},
            {"type": "message", "user": "U1", "text": "x", "ts": "99999999999999.1"},
            {"type": "message", "user": "U1", "text": ["x"], "ts": "1577836801.1"},
            {"type": "message", "text": "x", "ts": "1577836801.1"},
            {"type": "message", "user": "U1", "text": "x", "ts": "1577836801.1", "edited": {}},
        ],
    )
    def test_a_bad_entry_is_a_problem_and_the_rest_is_read(
        self, slack: Slack, tmp_path: Path, entry: object
    ) -> None:
        slack.days["general/2020-01-01.json"] = [entry]
        slack.say("general", "2020-01-01", "U1", "fine", "1577836805.1")
        read = export(slack, tmp_path)
        assert [message.content for message in read.messages] == ["fine"]
        assert [problem.where for problem in read.problems] == [
            "general/2020-01-01.json, message 1"
        ]

    @pytest.mark.parametrize("text", ["", "{", "{}", "[" * 50_000, "\x00"])
    def test_a_bad_file_is_a_problem_and_the_rest_is_read(
        self, slack: Slack, tmp_path: Path, text: str
    ) -> None:
        slack.days["general/2020-01-01.json"] = text
        slack.say("general", "2020-01-02", "U1", "fine", "1577923201.1")
        read = export(slack, tmp_path)
        assert [message.content for message in read.messages] == ["fine"]
        assert read.problems[0].where == "general/2020-01-01.json"

    def test_a_repacked_export_may_stand_in_a_folder(self, slack: Slack, tmp_path: Path) -> None:
        slack.say("general", "2020-01-01", "U1", "hi", "1577836801.1")
        read = Export(slack.zip(tmp_path / "a.zip", root="My export/"))
        assert len(read.messages) == 1

    def test_a_directory_reads_like_its_zip(self, slack: Slack, tmp_path: Path) -> None:
        slack.say("general", "2020-01-01", "U1", "hi", "1577836801.1")
        packed = export(slack, tmp_path)
        plain = Export(slack.directory(tmp_path / "export"))
        assert plain.messages == packed.messages
        assert plain.users == packed.users

    def test_folders_of_no_list_are_reported(self, slack: Slack, tmp_path: Path) -> None:
        slack.say("lost", "2020-01-01", "U1", "hi", "1577836801.1")
        assert [problem.where for problem in export(slack, tmp_path).problems] == ["lost"]

    def test_without_people_it_is_no_export(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable, match=r"users\.json"):
            SlackExport(str(Slack().zip(tmp_path / "a.zip")))


class TestAsGroup:
    def test_channels_are_channels_and_private_ones_have_their_people(
        self, slack: Slack, tmp_path: Path
    ) -> None:
        slack.users[1]["is_primary_owner"] = True
        slack.user("U3", "cara", is_primary_owner=True)
        slack.channel("C2", "old", ["U1"], is_archived=True, topic={"value": "All of it"})
        slack.groups.append({"id": "G1", "name": "secret", "creator": "U1", "members": ["U1"]})
        slack.dm("D1", ["U1", "U3"])
        path = slack.zip(tmp_path / "export.zip")
        found = [
            item.record for item in SlackExport(str(path), None, "Ours") if isinstance(item, Item)
        ]
        [group] = [record for record in found if isinstance(record, Group)]
        assert (group.name, group.owner) == ("Ours", "U3")
        members = [record.user for record in found if isinstance(record, Member)]
        assert members == ["U1", "U3"]  # who has left is none
        channels = {record.id: record for record in found if isinstance(record, Channel)}
        assert channels["C1"].members is None
        assert channels["G1"].members == ("U1",)
        assert channels["C2"].archived_at is not None
        assert channels["C2"].topic == "All of it"
        assert [record.id for record in found if isinstance(record, Conversation)] == ["D1"]
