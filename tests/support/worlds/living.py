"""What happens in a world."""

from collections.abc import Awaitable, Callable

from cgraph_kit.errors import Error
from support.worlds import in_forums, in_groups, in_talk
from support.worlds.world import World


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


_DEEDS: dict[Callable[[World], Awaitable[None]], int] = {
    in_talk.say: 60,
    in_talk.edit: 4,
    in_talk.delete: 3,
    in_talk.pin: 2,
    in_groups.begin_thread: 4,
    in_groups.change_thread: 2,
    in_groups.allow_or_deny: 10,
    in_groups.give_role: 5,
    in_groups.change_role: 2,
    in_groups.come_or_go: 4,
    in_groups.time_out: 1,
    in_talk.change_conversation: 8,
    in_talk.block: 4,
    in_forums.post: 12,
    in_forums.comment: 12,
    in_forums.change_forum: 10,
    in_forums.as_creator: 2,
    in_forums.transplant: 3,
    in_forums.mute: 1,
    in_forums.appoint: 1,
    in_talk.read: 3,
    in_groups.follow: 5,
    in_forums.change_post: 10,
    in_forums.change_comment: 4,
    in_groups.delete_place: 1,
}
"""How often each is done."""
