"""Where new comments stand in their trees, and what that does to the counts of those above them. No I/O."""

from collections.abc import Iterable, Iterator
from uuid import UUID

MAX_DEPTH = 50
"""What answers a comment there stands beside it."""


class Node:
    """A comment in its tree: one that is there already, or a new one."""

    __slots__ = (
        "answered",
        "children",
        "deleted",
        "depth",
        "descendants",
        "host",
        "id",
        "new",
        "parent",
        "path",
        "reply_to_id",
        "was",
    )

    def __init__(
        self,
        id: UUID,
        *,
        deleted: bool,
        host: bool,
        parent: "Node | None" = None,
        reply_to_id: UUID | None = None,
    ) -> None:
        self.id = id
        self.parent: Node | None = parent
        self.reply_to_id = reply_to_id
        self.path: str = id.hex if parent is None else f"{parent.path}.{id.hex}"
        self.depth: int = 1 if parent is None else parent.depth + 1
        self.deleted = deleted
        self.host = host
        self.answered = False
        self.children = 0
        self.descendants = 0
        self.new = True
        self.was = (0, 0, False)
        """Children, descendants and whether it was answered, before."""

    @property
    def counts(self) -> bool:
        """What its author deleted is counted as long as something hangs below it."""
        return not self.deleted or self.children > 0

    @property
    def changed(self) -> bool:
        """Whether its counts are no longer what they were."""
        return not self.new and (self.children, self.descendants, self.answered) != self.was


class Forest:
    """The trees that new comments go to."""

    def __init__(self) -> None:
        self._nodes: dict[UUID, Node] = {}
        self._order: list[Node] = []
        """Parents before children."""

    def plant(
        self, id: UUID, parent_id: UUID | None, children: int, descendants: int, *, deleted: bool
    ) -> None:
        """A comment that is there already; those above it came before."""
        node = Node(id, deleted=deleted, host=False, parent=self._nodes.get(parent_id or id))
        node.children, node.descendants, node.new = children, descendants, False
        node.was = (children, descendants, False)
        self._nodes[id] = node

    def add(self, id: UUID, answers: UUID | None, *, deleted: bool, host: bool) -> Node:
        """A new comment. Raises `KeyError` where what it answers is not there."""
        above = self._nodes[answers] if answers else None
        reply_to = None
        if above is not None:
            above.answered = above.answered or (host and not deleted)
            if above.depth == MAX_DEPTH:
                reply_to, above = above.id, above.parent
        node = Node(id, deleted=deleted, host=host, parent=above, reply_to_id=reply_to)
        self._nodes[id] = node
        self._order.append(node)
        return node

    def count(self) -> None:
        """Carry what is new up to the roots. To be called once, when all are there."""
        for node in reversed(self._order):
            if node.counts:
                _carry(node.parent, 1, node.descendants + 1)
        for node in sorted(self.old(), key=lambda node: -node.depth):
            children, descendants, _ = node.was
            came = node.descendants - descendants
            woke = node.deleted and not children and node.children > 0
            if came:
                _carry(node.parent, int(woke), came + woke)

    def old(self) -> Iterator[Node]:
        """Those that were there."""
        return (node for node in self._nodes.values() if not node.new)

    def changed(self) -> list[Node]:
        """Those that were there and have other counts now."""
        return [node for node in self.old() if node.changed]


def _carry(node: Node | None, children: int, descendants: int) -> None:
    if node is not None:
        node.children += children
        node.descendants += descendants


def ids_in(paths: Iterable[str]) -> set[UUID]:
    """Every comment these paths lead through."""
    return {UUID(hex=label) for path in paths for label in path.split(".")}
