"""How large a made-up community is."""

from typing import Literal

import msgspec

Name = Literal["small", "medium", "large"]


class Size(msgspec.Struct, frozen=True):
    """How much of everything there is."""

    people: int
    groups: int
    channels: int
    """Of the largest group; the others have fewer."""
    directs: int
    chats: int
    """Conversations of several."""
    messages: int
    forums: int
    posts: int
    comments: int
    largest_tree: int
    """Comments of one post."""
    largest_group: float = 0.8
    """Share of the people who are in the largest group."""
    largest_forum: float = 0.4
    """Share of the posts that are in the largest forum."""

    @property
    def total(self) -> int:
        """All that is written and worth counting, for a progress bar."""
        return self.people + self.messages + self.posts + self.comments


SIZES: dict[Name, Size] = {
    "small": Size(
        people=60,
        groups=4,
        channels=6,
        directs=25,
        chats=6,
        messages=1_500,
        forums=5,
        posts=120,
        comments=1_000,
        largest_tree=150,
    ),
    "medium": Size(
        people=2_000,
        groups=40,
        channels=20,
        directs=1_000,
        chats=150,
        messages=50_000,
        forums=20,
        posts=5_000,
        comments=50_000,
        largest_tree=1_000,
    ),
    "large": Size(
        people=100_000,
        groups=300,
        channels=60,
        directs=20_000,
        chats=2_000,
        messages=1_000_000,
        forums=80,
        posts=100_000,
        comments=1_000_000,
        largest_tree=10_000,
        largest_group=1.0,
        largest_forum=0.85,
    ),
}
