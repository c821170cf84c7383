"""Worlds with a random history: people, groups, conversations and forums in which anything may have happened.

A world is made by what people do, most of which they may not: what is refused is part of the history. The same seed makes
the same world, but for its ids.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import Literal
from uuid import UUID

import msgspec

from cgraph import accounts, forums, groups, messaging
from cgraph.accounts import Actor
from cgraph.forums import (
    ForumChange,
    MutedWords,
    NewComment,
    NewForum,
    NewForumBan,
    NewPost,
    PostChange,
    SetSubscription,
)
from cgraph.groups import (
    CHANNELS,
    MemberChange,
    NewBan,
    NewChannel,
    NewGroup,
    NewThread,
    Permission,
)
from cgraph.messaging import (
    PARTICIPANTS,
    Gate,
    MessageEdit,
    NewConversation,
    NewMessage,
    NewParticipants,
)
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Error
from support.communities import enter, give, make_role, overwrite
from support.forums import slug
from support.talk import make_actors

WORDS = (
    *("apple", "bridge", "candle", "dragon", "engine", "forest", "garden", "hammer", "island"),
    *("jungle", "kettle", "lantern", "mirror", "needle", "ocean", "pepper", "quartz", "rocket"),
    *("saddle", "tunnel", "umbrella", "velvet", "window", "yogurt"),
)
"""None is a form, a beginning or a misspelling of another."""
VISIBILITIES: tuple[Literal["public", "unlisted", "private"], ...] = (
    "public",
    "unlisted",
    "private",
)


class World(msgspec.Struct):
    """Who there is, and what there is or was."""

    db: Transaction
    random: Random
    people: list[Actor] = []
    conversations: list[UUID] = []
    groups: list[UUID] = []
    group_names: dict[UUID, str] = {}
    roles: list[tuple[UUID, UUID]] = []
    """Group and role; of @everyone both are the group."""
    channels: list[tuple[UUID, UUID]] = []
    """Group and channel."""
    channel_names: dict[UUID, str] = {}
    threads: list[tuple[UUID, UUID]] = []
    """Channel and thread."""
    forums: list[UUID] = []
    slugs: dict[UUID, str] = {}
    messages: list[tuple[UUID, UUID]] = []
    """Place and message."""
    posts: list[UUID] = []
    comments: list[UUID] = []

    @property
    def places(self) -> list[UUID]:
        return [id for _, id in (*self.channels, *self.threads)]

    def gate(self, place_id: UUID) -> Gate:
        return PARTICIPANTS if place_id in self.conversations else CHANNELS

    def someone(self) -> Actor:
        return self.random.choice(self.people)

    def text(self, most: int = 6) -> str:
        """Some words, now and then with somebody's name among them."""
        words = self.random.choices(WORDS, k=self.random.randint(1, most))
        if self.random.random() < 0.2:
            words.insert(self.random.randrange(len(words) + 1), f"@{self.someone().username}")
        return " ".join(words)


async def make_world(db: Transaction, seed: int, *, people: int = 6) -> World:
    """A few of everything, and nothing said yet."""
    world = World(db, Random(seed))  # noqa: S311 (nothing is kept secret with it)
    world.people = await make_actors(db, people)
    for _ in range(2):
        await _make_group(world)
    for _ in range(4):
        await _make_forum(world)
    for _ in range(5):
        await _make_conversation(world)
    return world


async def live(world: World, deeds: int) -> int:
    """So many random deeds; how many of them were allowed."""
    done = 0
    kinds, weights = zip(*_DEEDS.items(), strict=True)
    for deed in world.random.choices(kinds, weights, k=deeds):
        try:
            await deed(world)
        except (Error, IndexError):  # the last: there is nothing yet to do it to
            continue
        done += 1
    return done


async def _make_group(world: World) -> None:
    owner, name = world.someone(), f"{world.random.choice(WORDS)} {world.random.choice(WORDS)}"
    group_id = (await groups.create_group(world.db, owner, NewGroup(name=name))).id
    world.groups.append(group_id)
    world.group_names[group_id] = name
    world.roles.append((group_id, group_id))
    for bits in (
        0,
        Permission.MANAGE_THREADS | Permission.KICK_MEMBERS,
        Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY,
    ):
        world.roles.append((group_id, await make_role(world.db, group_id, int(bits))))
    roles = [id for group, id in world.roles if group == group_id and id != group_id]
    for person in world.people:
        if person.id != owner.id and world.random.random() < 0.7:
            mine = world.random.sample(roles, world.random.randint(0, 2))
            await enter(world.db, group_id, person, role_ids=mine)
    for _ in range(4):
        name = f"{world.random.choice(WORDS)}-{world.random.randint(10, 99)}"
        channel = await groups.create_channel(world.db, owner, group_id, NewChannel(name=name))
        world.channels.append((group_id, channel.id))
        world.channel_names[channel.id] = name


async def _make_forum(world: World) -> None:
    visibility = world.random.choice(("public", *VISIBILITIES))
    new = NewForum(slug=slug(), title=world.text(2), visibility=visibility)
    made = await forums.create_forum(world.db, world.someone(), new)
    world.forums.append(made.id)
    world.slugs[made.id] = made.slug


async def _make_conversation(world: World) -> None:
    count = world.random.choice((1, 2, 3, 4))
    others = [one.id for one in world.random.sample(world.people, count)]
    opened = await messaging.open_conversation(world.db, world.someone(), NewConversation(others))
    if opened.conversation.id not in world.conversations:
        world.conversations.append(opened.conversation.id)


async def _say(world: World) -> None:
    place_id = world.random.choice([*world.conversations, *world.places])
    before = [id for place, id in world.messages if place == place_id]
    reply = world.random.choice(before) if before and world.random.random() < 0.2 else None
    sent = await messaging.send_message(
        world.db,
        world.someone(),
        place_id,
        NewMessage(world.text(), reply),
        gate=world.gate(place_id),
    )
    world.messages.append((place_id, sent.id))


async def _edit(world: World) -> None:
    place_id, id = world.random.choice(world.messages)
    edit = MessageEdit(world.text())
    gate = world.gate(place_id)
    for person in world.people:
        try:
            await messaging.edit_message(world.db, person, place_id, id, edit, gate=gate)
        except Error:
            continue


async def _delete(world: World) -> None:
    place_id, id = world.random.choice(world.messages)
    for person in world.random.sample(world.people, 3):
        await messaging.delete_message(world.db, person, place_id, id, gate=world.gate(place_id))


async def _pin(world: World) -> None:
    place_id, id = world.random.choice(world.messages)
    await messaging.pin_message(world.db, world.someone(), place_id, id, gate=world.gate(place_id))


async def _begin_thread(world: World) -> None:
    _, channel_id = world.random.choice(world.channels)
    new = NewThread(world.text(2), private=world.random.random() < 0.6)
    thread = await groups.create_thread(world.db, world.someone(), channel_id, new)
    world.threads.append((channel_id, thread.id))


async def _follow(world: World) -> None:
    _, thread_id = world.random.choice(world.threads)
    person = world.someone()
    match world.random.randrange(4):
        case 0:
            await groups.follow_thread(world.db, person, thread_id)
        case 1:
            await groups.unfollow_thread(world.db, person, thread_id)
        case 2:
            await groups.add_thread_member(world.db, person, thread_id, world.someone().id)
        case _:
            await groups.remove_thread_member(world.db, person, thread_id, world.someone().id)


async def _overwrite(world: World) -> None:
    """Anybody's, as whoever may would: who may is not the matter here."""
    group_id, channel_id = world.random.choice(world.channels)
    roles = [id for group, id in world.roles if group == group_id]
    target = world.random.choice([*roles, world.someone().id])
    bits = (Permission.VIEW_CHANNEL, Permission.READ_MESSAGE_HISTORY, Permission.MANAGE_THREADS)
    allow = sum(bit for bit in bits if world.random.random() < 0.3)
    deny = sum(bit for bit in bits if world.random.random() < 0.3 and not allow & bit)
    await overwrite(world.db, channel_id, target, allow=allow, deny=deny)


async def _give_role(world: World) -> None:
    group_id, role_id = world.random.choice(world.roles)
    person = world.someone()
    if role_id == group_id or not await groups.list_accesses(
        world.db, [(channel, person.id) for group, channel in world.channels if group == group_id]
    ):
        return
    sql = "DELETE FROM group_member_roles WHERE group_id = $1 AND user_id = $2 AND role_id = $3"
    if world.random.random() < 0.5:
        await give(world.db, group_id, person, role_id)
    else:
        await world.db.value(sql, group_id, person.id, role_id)


async def _change_role(world: World) -> None:
    """@everyone too: then a whole group is read, or not."""
    _, role_id = world.random.choice(world.roles)
    bits = (
        Permission.VIEW_CHANNEL,
        Permission.READ_MESSAGE_HISTORY,
        Permission.SEND_MESSAGES,
        Permission.MANAGE_THREADS,
    )
    kept = sum(int(bit) for bit in bits if world.random.random() < 0.7)
    kept |= Permission.ADMINISTRATOR if world.random.random() < 0.05 else 0
    more = int(
        Permission.CREATE_PRIVATE_THREADS
        | Permission.CREATE_PUBLIC_THREADS
        | Permission.SEND_MESSAGES_IN_THREADS
    )
    sql = "UPDATE group_roles SET permissions = $2 WHERE id = $1"
    await world.db.value(sql, role_id, kept | more)


async def _come_or_go(world: World) -> None:
    group_id, person = world.random.choice(world.groups), world.someone()
    match world.random.randrange(4):
        case 0:
            await groups.leave_group(world.db, person, group_id)
        case 1:
            await groups.kick_member(world.db, person, group_id, world.someone().id)
        case 2:
            await groups.ban_member(world.db, person, group_id, world.someone().id, NewBan())
        case _:
            await _come(world, group_id, person)


async def _come(world: World, group_id: UUID, person: Actor) -> None:
    sql = "SELECT EXISTS (SELECT FROM group_members WHERE group_id = $1 AND user_id = $2)"
    if not await world.db.value(sql, group_id, person.id):
        await enter(world.db, group_id, person)


async def _time_out(world: World) -> None:
    group_id = world.random.choice(world.groups)
    until = clock.now() + timedelta(days=1) if world.random.random() < 0.5 else None
    change = MemberChange(timed_out_until=until)
    await groups.update_member(world.db, world.someone(), group_id, world.someone().id, change)


async def _change_conversation(world: World) -> None:
    id, person = world.random.choice(world.conversations), world.someone()
    match world.random.randrange(3):
        case 0:
            await messaging.leave_conversation(world.db, person, id)
        case 1:
            new = NewParticipants([world.someone().id])
            await messaging.add_participants(world.db, person, id, new)
        case _:
            await messaging.remove_participant(world.db, person, id, world.someone().id)


async def _block(world: World) -> None:
    person, other = world.random.sample(world.people, 2)
    if world.random.random() < 0.5:
        await accounts.block_user(world.db, person, other.id)
    else:
        await accounts.unblock_user(world.db, person, other.id)


async def _post(world: World) -> None:
    forum_id = world.random.choice(world.forums)
    new = NewPost(title=world.text(3), content=world.text())
    made = await forums.create_post(world.db, world.someone(), forum_id, new)
    world.posts.append(made.id)


async def _comment(world: World) -> None:
    post_id = world.random.choice(world.posts)
    new = NewComment(content=world.text())
    made = await forums.create_comment(world.db, world.someone(), post_id, new)
    world.comments.append(made.id)


async def _change_post(world: World) -> None:
    post_id, person = world.random.choice(world.posts), world.someone()
    match world.random.randrange(6):
        case 0:
            await forums.edit_post(world.db, person, post_id, PostChange(title=world.text(3)))
        case 1:
            await forums.delete_post(world.db, person, post_id)
        case 2:
            await forums.remove_post(world.db, person, post_id)
        case 3:
            await forums.restore_post(world.db, person, post_id)
        case 4:
            await forums.save_post(world.db, person, post_id, saved=True)
        case _:
            hidden = world.random.random() < 0.7
            await forums.hide_post(world.db, person, post_id, hidden=hidden)


async def _change_comment(world: World) -> None:
    comment_id, person = world.random.choice(world.comments), world.someone()
    match world.random.randrange(3):
        case 0:
            await forums.delete_comment(world.db, person, comment_id)
        case 1:
            await forums.remove_comment(world.db, person, comment_id)
        case _:
            await forums.restore_comment(world.db, person, comment_id)


async def _change_forum(world: World) -> None:
    forum_id, person, other = world.random.choice(world.forums), world.someone(), world.someone()
    match world.random.randrange(7):
        case 0:
            visibility = world.random.choice(VISIBILITIES)
            change = ForumChange(visibility=visibility)
            await forums.update_forum(world.db, person, forum_id, change)
        case 1:
            await forums.subscribe(world.db, person, forum_id, SetSubscription())
        case 2:
            await forums.accept_subscriber(world.db, person, forum_id, other.id)
        case 3:
            await forums.remove_subscriber(world.db, person, forum_id, other.id)
        case 4:
            await forums.ban_user(world.db, person, forum_id, other.id, NewForumBan())
        case 5:
            await forums.add_moderator(world.db, person, forum_id, other.id)
        case _:
            await forums.remove_moderator(world.db, person, forum_id, other.id)


async def _as_creator(world: World) -> None:
    """What hardly ever happens if anybody tries: somebody's forum is made private, or opened."""
    forum_id = world.random.choice(world.forums)
    visibility = world.random.choice(VISIBILITIES)
    for person in world.people:
        try:
            change = ForumChange(visibility=visibility)
            await forums.update_forum(world.db, person, forum_id, change)
        except Error:
            continue


async def _mute(world: World) -> None:
    words = world.random.sample(WORDS, world.random.randrange(2))
    await forums.set_muted_words(world.db, world.someone(), MutedWords(words))


async def _appoint(world: World) -> None:
    person = world.someone()
    if world.random.random() < 0.3:
        await accounts.grant_admin(world.db, person.username)
    else:
        await accounts.revoke_admin(world.db, person.username)


async def _read(world: World) -> None:
    place_id = world.random.choice([*world.conversations, *world.places])
    await messaging.mark_read(
        world.db, world.someone(), place_id, messaging.ReadMarker(), gate=world.gate(place_id)
    )


async def _delete_place(world: World) -> None:
    if world.threads and world.random.random() < 0.7:
        channel_id, thread_id = world.random.choice(world.threads)
        await groups.delete_thread(world.db, world.someone(), thread_id)
        world.threads.remove((channel_id, thread_id))
    else:
        group_id, channel_id = world.random.choice(world.channels)
        await groups.delete_channel(world.db, world.someone(), channel_id)
        world.channels.remove((group_id, channel_id))
        world.threads = [(of, id) for of, id in world.threads if of != channel_id]


_DEEDS: dict[Callable[[World], Awaitable[None]], int] = {
    _say: 60,
    _edit: 4,
    _delete: 3,
    _pin: 2,
    _begin_thread: 4,
    _overwrite: 8,
    _give_role: 5,
    _change_role: 2,
    _come_or_go: 4,
    _time_out: 1,
    _change_conversation: 5,
    _block: 4,
    _post: 12,
    _comment: 12,
    _change_forum: 10,
    _as_creator: 2,
    _mute: 1,
    _appoint: 1,
    _read: 3,
}
_DEEDS |= {_follow: 5, _change_post: 10, _change_comment: 4, _delete_place: 1}
