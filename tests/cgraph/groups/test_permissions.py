"""What a member may: vectors that were worked out by hand, and a second model that knows nothing of the first."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph.groups.explaining import explain_in_channel, explain_in_group
from cgraph.groups.permissions import (
    ALL,
    DEFAULT_EVERYONE,
    KNOWN,
    LOOKING,
    MemberFacts,
    Overwrite,
    Permission,
    RoleFacts,
    can_change_bits,
    can_touch_role,
    in_channel,
    in_group,
    names_of,
    outranks,
)
from support.rights_by_hand import BITS, Says, Somebody, may, names, number

P = Permission
V, S, H = P.VIEW_CHANNEL, P.SEND_MESSAGES, P.READ_MESSAGE_HISTORY
B = V | S | H
GROUP, USER, R1, R2 = (UUID(int=n) for n in range(1, 5))


def member(
    everyone: int = 0,
    *roles: int,
    owner: bool = False,
    silenced: bool = False,
) -> MemberFacts:
    """Somebody whose roles, R1 and R2, give these bits."""
    facts = [
        RoleFacts(id, n, bits) for n, (id, bits) in enumerate(zip((R1, R2), roles, strict=False), 1)
    ]
    return MemberFacts(USER, GROUP, owner, everyone, facts, silenced)


def says(target: UUID, *, allow: int = 0, deny: int = 0) -> Overwrite:
    return Overwrite(target, allow, deny)


VECTORS = {
    "I1 what @everyone has": (member(B), [], 68608),
    "I2 roles are added": (member(V, S, H), [], 68608),
    "I3 the owner may everything": (member(0, owner=True), [says(GROUP, deny=V)], ALL),
    "I4 so may administrators": (member(0, P.ADMINISTRATOR), [says(USER, deny=V)], ALL),
    "I5 @everyone may not look": (member(B), [says(GROUP, deny=V)], 0),
    "I6 but a role may": (member(B, 0), [says(GROUP, deny=V), says(R1, allow=V)], 68608),
    "I7 between roles allowing wins": (
        member(B, 0, 0),
        [says(R1, deny=S), says(R2, allow=S)],
        68608,
    ),
    "I8 the member's own comes last": (
        member(B, 0),
        [says(R1, allow=S), says(USER, deny=S)],
        66560,
    ),
    "I9 in both directions": (member(B, 0), [says(R1, deny=V), says(USER, allow=V)], 68608),
    "I10 what needs sending goes with it": (
        member(B | P.ATTACH_FILES | P.EMBED_LINKS | P.MENTION_EVERYONE | P.SEND_TTS),
        [says(GROUP, deny=S)],
        66560,
    ),
    "I11 timed out": (member(B | P.ATTACH_FILES, silenced=True), [], 66560),
    "I12 timed out, and may not look": (member(B, silenced=True), [says(GROUP, deny=V)], 0),
    "I13 a role takes what @everyone is allowed": (
        member(0, 0),
        [says(GROUP, allow=B), says(R1, deny=S)],
        66560,
    ),
    "I14 allowing wins within one, too": (member(B), [says(GROUP, allow=S, deny=S)], 68608),
}


class TestInChannel:
    @pytest.mark.parametrize("vector", VECTORS)
    def test_vector(self, vector: str) -> None:
        facts, overwrites, expected = VECTORS[vector]
        assert in_channel(facts, overwrites) == expected

    def test_the_order_of_overwrites_does_not_matter(self) -> None:
        overwrites = [says(GROUP, deny=V), says(R1, allow=V), says(USER, deny=S)]
        facts = member(B, 0)
        assert in_channel(facts, overwrites) == in_channel(facts, overwrites[::-1]) == V | H

    def test_what_is_said_of_others_does_not_concern_one(self) -> None:
        others = [says(UUID(int=9), deny=V), says(UUID(int=8), allow=P.BAN_MEMBERS)]
        assert in_channel(member(B), others) == B

    @pytest.mark.parametrize(
        ("has", "may_send"),
        [
            (B, False),
            (B | P.SEND_MESSAGES_IN_THREADS, True),
            (V | H | P.SEND_MESSAGES_IN_THREADS, True),
            (S | P.SEND_MESSAGES_IN_THREADS, False),
        ],
    )
    def test_in_threads_sending_is_a_bit_of_its_own(self, has: int, may_send: bool) -> None:
        assert bool(in_channel(member(has), [], thread=True) & S) is may_send

    def test_who_is_silenced_sends_in_no_thread(self) -> None:
        facts = member(B | P.SEND_MESSAGES_IN_THREADS, silenced=True)
        assert in_channel(facts, [], thread=True) == V | H


class TestInGroup:
    def test_channels_do_not_count(self) -> None:
        assert in_group(member(P.CREATE_INVITE, P.KICK_MEMBERS)) == P.CREATE_INVITE | P.KICK_MEMBERS

    def test_who_is_silenced_only_looks(self) -> None:
        assert in_group(member(B | P.CREATE_INVITE, silenced=True)) == V | H

    def test_no_time_out_holds_administrators_and_owners(self) -> None:
        assert in_group(member(0, P.ADMINISTRATOR, silenced=True)) == ALL
        assert in_group(member(0, owner=True, silenced=True)) == ALL


class TestHierarchy:
    def at(self, position: int, *, owner: bool = False) -> MemberFacts:
        return MemberFacts(USER, GROUP, owner, 0, [RoleFacts(R1, position, 0)])

    @pytest.mark.parametrize(
        ("actor", "target", "expected"), [(5, 3, True), (3, 3, False), (2, 3, False)]
    )
    def test_one_acts_on_who_stands_below(self, actor: int, target: int, expected: bool) -> None:
        assert outranks(self.at(actor), self.at(target)) is expected

    def test_nobody_acts_on_the_owner_and_they_on_all(self) -> None:
        assert not outranks(self.at(9), self.at(1, owner=True))
        assert outranks(self.at(1, owner=True), self.at(9))

    @pytest.mark.parametrize(("position", "expected"), [(2, True), (3, False), (4, False)])
    def test_one_touches_roles_below_ones_own(self, position: int, expected: bool) -> None:
        assert can_touch_role(self.at(3), position) is expected
        assert can_touch_role(self.at(3, owner=True), position)

    def test_one_changes_only_bits_one_holds(self) -> None:
        assert can_change_bits(S, 0, S)  # H5
        assert not can_change_bits(S, 0, P.ADMINISTRATOR)  # H6
        assert not can_change_bits(S, H, 0)  # H7
        assert can_change_bits(S, H, H | S)
        assert can_change_bits(ALL, ALL, 0)


class TestBits:
    def test_are_numbered_as_bots_know_them(self) -> None:
        assert {one.name: one.value.bit_length() - 1 for one in Permission} == BITS

    def test_stay_exact_where_numbers_are_doubles(self) -> None:
        assert KNOWN < 1 << 53
        assert KNOWN & ALL == KNOWN

    def test_of_newcomers_are_talk_and_no_power(self) -> None:
        powers = ("MANAGE_", "KICK_", "BAN_", "ADMINISTRATOR", "MODERATE_", "MENTION_EVERYONE")
        assert not [name for name in names_of(DEFAULT_EVERYONE) if name.startswith(powers)]
        assert DEFAULT_EVERYONE & LOOKING == LOOKING


bits = st.integers(0, ALL)
few = st.builds(lambda names: sum(1 << BITS[n] for n in names), st.sets(st.sampled_from([*BITS])))
some = st.one_of(few, bits)
ids = st.integers(10, 16).map(lambda n: UUID(int=n))


@st.composite
def situations(draw: st.DrawFn) -> tuple[MemberFacts, Sequence[Overwrite]]:
    """A member with any roles in a channel that says anything, also of who is not concerned."""
    roles = [RoleFacts(id, n, draw(some)) for n, id in enumerate(draw(st.sets(ids)), 1)]
    facts = MemberFacts(
        USER, GROUP, draw(st.integers(0, 9)) == 0, draw(some), roles, draw(st.booleans())
    )
    targets = draw(st.sets(st.one_of(st.sampled_from([GROUP, USER]), ids)))
    return facts, [Overwrite(target, draw(some), draw(some)) for target in targets]


def by_hand(facts: MemberFacts, overwrites: Sequence[Overwrite], *, thread: bool) -> int:
    """The same situation, for the second model."""
    who = Somebody(
        facts.user_id,
        facts.owner,
        names(facts.everyone),
        {role.id: names(role.permissions) for role in facts.roles},
        facts.silenced,
    )
    said = {one.target_id: Says(names(one.allow), names(one.deny)) for one in overwrites}
    return number(may(who, said.pop(GROUP, None), said, thread=thread))


class TestModels:
    @given(situations(), st.booleans())
    def test_agree(self, situation: tuple[MemberFacts, Sequence[Overwrite]], thread: bool) -> None:
        facts, overwrites = situation
        found = in_channel(facts, overwrites, thread=thread)
        assert found == by_hand(facts, overwrites, thread=thread)

    @given(situations(), st.booleans())
    def test_explaining_says_the_same(
        self, situation: tuple[MemberFacts, Sequence[Overwrite]], thread: bool
    ) -> None:
        facts, overwrites = situation
        why = explain_in_channel(facts, overwrites, thread=thread)
        assert why.permissions == in_channel(facts, overwrites, thread=thread)
        allowed = [reason.permission for reason in why.reasons if reason.allowed]
        assert allowed == names_of(why.permissions)
        assert explain_in_group(facts).permissions == in_group(facts)

    @given(situations())
    def test_the_rule_that_is_named_did_decide(
        self, situation: tuple[MemberFacts, Sequence[Overwrite]]
    ) -> None:
        """Take away what is named as the reason, and the answer becomes another, or another reason is named."""
        facts, overwrites = situation
        for reason in explain_in_channel(facts, overwrites).reasons:
            if reason.rule not in {"everyone_overwrite", "role_overwrites", "member_overwrite"}:
                continue
            bit = P[reason.permission]
            without = [
                msgspec.structs.replace(one, allow=one.allow & ~bit, deny=one.deny & ~bit)
                if one.target_id in reason.source_ids
                else one
                for one in overwrites
            ]
            again = {one.permission: one for one in explain_in_channel(facts, without).reasons}
            assert again[reason.permission] != reason


class TestExplaining:
    def why(
        self,
        permission: Permission,
        facts: MemberFacts,
        *overwrites: Overwrite,
        thread: bool = False,
    ) -> tuple[bool, str, Sequence[UUID]]:
        reasons = explain_in_channel(facts, overwrites, thread=thread).reasons
        (found,) = [one for one in reasons if one.permission == permission.name]
        return found.allowed, found.rule, list(found.source_ids)

    def test_names_the_owner_and_administrators(self) -> None:
        assert self.why(V, member(owner=True), says(USER, deny=V)) == (True, "owner", [])
        administrator = member(0, P.ADMINISTRATOR)
        assert self.why(V, administrator, says(USER, deny=V)) == (True, "administrator", [R1])

    def test_names_all_roles_that_give_it_the_highest_first(self) -> None:
        assert self.why(S, member(B, S, S)) == (True, "roles", [R2, R1, GROUP])
        assert self.why(P.MANAGE_ROLES, member(B)) == (False, "no_role", [])

    def test_names_what_the_channel_says(self) -> None:
        facts = member(B, 0, 0)
        denied = says(GROUP, deny=S)
        assert self.why(S, facts, denied) == (False, "everyone_overwrite", [GROUP])
        roles = [denied, says(R1, deny=S), says(R2, allow=S)]
        assert self.why(S, facts, *roles) == (True, "role_overwrites", [R2])
        own = says(USER, deny=S)
        assert self.why(S, facts, *roles, own) == (False, "member_overwrite", [USER])

    def test_names_what_follows(self) -> None:
        unseen = says(GROUP, deny=V)
        assert self.why(S, member(B), unseen) == (False, "no_view", [])
        mute = says(GROUP, deny=S)
        assert self.why(P.ATTACH_FILES, member(B | P.ATTACH_FILES), mute) == (
            (False, "no_send", [])
        )
        assert self.why(S, member(B, silenced=True)) == (False, "silenced", [])
        assert self.why(H, member(B, silenced=True)) == (True, "roles", [GROUP])

    def test_names_the_bit_that_counts_in_threads(self) -> None:
        talking = member(B | P.SEND_MESSAGES_IN_THREADS)
        assert self.why(S, talking, thread=True) == (True, "thread", [GROUP])
        assert self.why(S, member(B), thread=True) == (False, "thread", [])
