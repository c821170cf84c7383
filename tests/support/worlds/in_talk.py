"""What people do in conversations, and wherever they talk; and to each other."""

from cgraph import accounts, messaging
from cgraph.messaging import (
    ConversationChange,
    MessageEdit,
    NewMessage,
    NewParticipants,
)
from support.worlds.world import WORDS, World, whoever_may


async def say(world: World) -> None:
    place_id = world.random.choice([*world.conversations, *world.places])
    before = [id for place, id in world.messages if place == place_id]
    reply = world.random.choice(before) if before and world.random.random() < 0.2 else None
    person = world.someone()
    new = NewMessage(world.text(), reply, attachments=await world.files(person))
    gate = world.gate(place_id)
    sent = await messaging.send_message(world.db, person, place_id, new, gate=gate)
    world.messages.append((place_id, sent.id))


async def edit(world: World) -> None:
    place_id, id = world.random.choice(world.messages)
    edit = MessageEdit(world.text())
    if world.random.random() < 0.3:
        edit = MessageEdit(world.text(), attachments=[])
    gate = world.gate(place_id)
    await whoever_may(
        world,
        lambda person: messaging.edit_message(world.db, person, place_id, id, edit, gate=gate),
    )


async def delete(world: World) -> None:
    place_id, id = world.random.choice(world.messages)
    for person in world.random.sample(world.people, 3):
        await messaging.delete_message(world.db, person, place_id, id, gate=world.gate(place_id))


async def pin(world: World) -> None:
    place_id, id = world.random.choice(world.messages)
    await messaging.pin_message(world.db, world.someone(), place_id, id, gate=world.gate(place_id))


async def read(world: World) -> None:
    place_id = world.random.choice([*world.conversations, *world.places])
    await messaging.mark_read(
        world.db, world.someone(), place_id, messaging.ReadMarker(), gate=world.gate(place_id)
    )


async def change_conversation(world: World) -> None:
    id, person, other = world.random.choice(world.conversations), world.someone(), world.someone()
    match world.random.randrange(5):
        case 0:
            await messaging.leave_conversation(world.db, person, id)
        case 1 | 2:
            new = NewParticipants([other.id])
            await whoever_may(world, lambda one: messaging.add_participants(world.db, one, id, new))
        case 3:
            name = f"{world.random.choice(WORDS)} {world.random.choice(WORDS)}"
            change = ConversationChange(name=name)
            await messaging.update_conversation(world.db, person, id, change)
        case _:
            await whoever_may(
                world, lambda one: messaging.remove_participant(world.db, one, id, other.id)
            )


async def block(world: World) -> None:
    person, other = world.random.sample(world.people, 2)
    if world.random.random() < 0.5:
        await accounts.block_user(world.db, person, other.id)
    else:
        await accounts.unblock_user(world.db, person, other.id)
