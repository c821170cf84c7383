"""What people do in forums, and those who look after them."""

from uuid import UUID

from cgraph import accounts, forums
from cgraph.accounts import Actor
from cgraph.forums import (
    CommentEdit,
    ForumChange,
    MutedWords,
    NewComment,
    NewForumBan,
    NewPost,
    PostChange,
    SetSubscription,
)
from support.worlds.world import VISIBILITIES, WORDS, World, whoever_may


async def post(world: World) -> None:
    forum_id = world.random.choice(world.forums)
    person = world.someone()
    files = await world.files(person)
    new = NewPost(title=world.text(3), content=world.text(), attachments=files)
    made = await forums.create_post(world.db, person, forum_id, new)
    world.posts.append(made.id)


async def comment(world: World) -> None:
    post_id = world.random.choice(world.posts)
    before = [id for post, id in world.comments if post == post_id]
    parent = world.random.choice(before) if before and world.random.random() < 0.3 else None
    person = world.someone()
    new = NewComment(world.text(), parent, attachments=await world.files(person))
    made = await forums.create_comment(world.db, person, post_id, new)
    world.comments.append((post_id, made.id))


async def change_post(world: World) -> None:
    post_id, person = world.random.choice(world.posts), world.someone()
    match world.random.randrange(7):
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


async def change_comment(world: World) -> None:
    (_, comment_id), person = world.random.choice(world.comments), world.someone()
    match world.random.randrange(4):
        case 0:
            await forums.delete_comment(world.db, person, comment_id)
        case 1:
            await forums.remove_comment(world.db, person, comment_id)
        case 2:
            await forums.restore_comment(world.db, person, comment_id)
        case _:
            edit = CommentEdit(content=world.text())
            await whoever_may(
                world, lambda one: forums.edit_comment(world.db, one, comment_id, edit)
            )


async def transplant(world: World) -> None:
    """A post goes to another forum, or under another post; or a comment becomes a post."""
    post_id, other_id = world.random.choice(world.posts), world.random.choice(world.posts)
    match world.random.randrange(3):
        case 0:
            to = world.random.choice(world.forums)
            await whoever_may(world, lambda one: forums.move_post(world.db, one, post_id, to))
        case 1:
            await whoever_may(
                world, lambda one: forums.merge_posts(world.db, one, post_id, other_id)
            )
        case _:
            _, comment_id = world.random.choice(world.comments)
            title = world.text(3)
            await whoever_may(world, lambda one: _split(world, one, comment_id, title))


async def _split(world: World, person: Actor, comment_id: UUID, title: str) -> None:
    entry = await forums.split_comment(world.db, person, comment_id, title)
    world.posts.append(UUID(entry.changes["post_id"]["after"]))


async def change_forum(world: World) -> None:
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


async def as_creator(world: World) -> None:
    """What hardly ever happens if anybody tries: somebody's forum is made private, or opened."""
    forum_id = world.random.choice(world.forums)
    change = ForumChange(visibility=world.random.choice(VISIBILITIES))
    await whoever_may(world, lambda one: forums.update_forum(world.db, one, forum_id, change))


async def mute(world: World) -> None:
    words = world.random.sample(WORDS, world.random.randrange(2))
    await forums.set_muted_words(world.db, world.someone(), MutedWords(words))


async def appoint(world: World) -> None:
    person = world.someone()
    if world.random.random() < 0.3:
        await accounts.grant_admin(world.db, person.username)
    else:
        await accounts.revoke_admin(world.db, person.username)
