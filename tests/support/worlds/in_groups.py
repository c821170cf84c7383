"""What people do in groups, and with what may be done there."""

from datetime import timedelta
from uuid import UUID

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import MemberChange, NewBan, NewThread, Permission, ThreadChange
from cgraph_kit import clock
from support.communities import enter, give, overwrite
from support.worlds.world import World, whoever_may


async def begin_thread(world: World) -> None:
    _, channel_id = world.random.choice(world.channels)
    new = NewThread(world.text(2), private=world.random.random() < 0.6)
    thread = await groups.create_thread(world.db, world.someone(), channel_id, new)
    world.threads.append((channel_id, thread.id))


async def change_thread(world: World) -> None:
    _, thread_id = world.random.choice(world.threads)
    archived, locked = world.random.choice(((True, False), (False, False), (False, True)))
    change = ThreadChange(name=world.text(2), archived=archived, locked=locked)
    await whoever_may(world, lambda one: groups.update_thread(world.db, one, thread_id, change))


async def follow(world: World) -> None:
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


async def allow_or_deny(world: World) -> None:
    """Anybody's, as whoever may would: who may is not the matter here."""
    group_id, channel_id = world.random.choice(world.channels)
    roles = [id for group, id in world.roles if group == group_id]
    target = world.random.choice([*roles, world.someone().id])
    bits = (Permission.VIEW_CHANNEL, Permission.READ_MESSAGE_HISTORY, Permission.MANAGE_THREADS)
    allow = sum(bit for bit in bits if world.random.random() < 0.3)
    deny = sum(bit for bit in bits if world.random.random() < 0.3 and not allow & bit)
    await overwrite(world.db, channel_id, target, allow=allow, deny=deny)


async def give_role(world: World) -> None:
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


async def change_role(world: World) -> None:
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


async def come_or_go(world: World) -> None:
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


async def time_out(world: World) -> None:
    group_id = world.random.choice(world.groups)
    until = clock.now() + timedelta(days=1) if world.random.random() < 0.5 else None
    change = MemberChange(timed_out_until=until)
    await groups.update_member(world.db, world.someone(), group_id, world.someone().id, change)


async def delete_place(world: World) -> None:
    if world.threads and world.random.random() < 0.7:
        channel_id, thread_id = world.random.choice(world.threads)
        await groups.delete_thread(world.db, world.someone(), thread_id)
        world.threads.remove((channel_id, thread_id))
    else:
        group_id, channel_id = world.random.choice(world.channels)
        await groups.delete_channel(world.db, world.someone(), channel_id)
        world.channels.remove((group_id, channel_id))
        world.threads = [(of, id) for of, id in world.threads if of != channel_id]
