"""Making a world: a few of everything there can be."""

from random import Random

from cgraph import forums, groups, messaging
from cgraph.forums import NewForum
from cgraph.groups import NewChannel, NewGroup, Permission
from cgraph.messaging import NewConversation
from cgraph_kit.db import Transaction
from support.communities import enter, make_role
from support.forums import slug
from support.talk import make_actors
from support.worlds.world import VISIBILITIES, WORDS, Visibility, World


async def make_world(db: Transaction, seed: int, *, people: int = 6) -> World:
    """A few of everything, and nothing said yet."""
    world = World(db, Random(seed))  # noqa: S311 (nothing is kept secret with it)
    world.people = await make_actors(db, people)
    for _ in range(2):
        await _make_group(world)
    # Most are read by all, so that what a reader may not read is said as what it is; later it may be the other way round.
    for visibility in ("public", "public", *VISIBILITIES):
        await _make_forum(world, visibility)
    for _ in range(5):
        await _make_conversation(world)
    return world


async def _make_group(world: World) -> None:
    # No conversation or thread is called so: `in:` finds whatever is.
    owner, name = (
        world.someone(),
        f"{world.random.choice(WORDS)} {world.random.choice(WORDS)} guild",
    )
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


async def _make_forum(world: World, visibility: Visibility) -> None:
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
