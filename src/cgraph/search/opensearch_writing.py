"""Writing documents into OpenSearch: what is gone, and files that hang on nothing any more, go in the same request."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from cgraph_kit.opensearch import Delete, OpenSearch, Operation, Put, write

from .document import Document, Gone, Key, occurrences
from .opensearch_asking import HITS_MOST, Source, ask
from .opensearch_conditions import all_of, either, microseconds, one_of
from .opensearch_stream import stream_of

BEARERS = frozenset({"message", "post", "comment"})
"""What files hang on: of one batch fewer than one answer has room for."""


async def write_documents(
    cluster: OpenSearch,
    index: str,
    documents: Sequence[Document],
    gone: Sequence[Gone],
    *,
    version: int,
    generation: int,
) -> None:
    """Have these as they are now, and no longer those that are gone, where nothing newer is known of them."""
    ids = {_id(one.key, one.item_id) for one in documents}
    stale = [key for one in gone if one.inserted_at is not None and (key := Key(*one[:3]))]
    left = {_id(key, None) for key in stale if key.kind != "file"}
    left |= await _files(cluster, index, documents, stale)
    operations: list[Operation] = [Delete(index, id, version) for id in sorted(left - ids)]
    operations += [
        Put(index, _id(one.key, one.item_id), _source(one, generation), version)
        for one in documents
    ]
    await write(cluster, operations)


async def refresh(cluster: OpenSearch, *indexes: str) -> None:
    """What was written before is found from now on."""
    params = {"ignore_unavailable": "true"}
    await cluster.ask("POST", f"/{','.join(indexes)}/_refresh", params=params)


def _id(key: Key, item_id: UUID | None) -> str:
    """Of messages the container is part of the name; a file hangs on each thing by itself."""
    if key.kind == "message":
        return f"message:{key.container_id}:{key.id}"
    return f"file:{key.id}:{item_id}" if key.kind == "file" else f"{key.kind}:{key.id}"


def _source(one: Document, generation: int) -> dict[str, Any]:
    places = list(occurrences(one.terms))
    # As text, in the order in which PostgreSQL has them.
    named = msgspec.to_builtins(
        {
            "kind": one.kind,
            "id": one.id,
            "container_id": one.container_id,
            "channel_id": one.channel_id,
            "community_id": one.community_id,
            "item_id": one.item_id,
            "author_id": one.author_id,
            "seq": one.seq,
            "features": one.features,
        }
    )
    return {
        **{name: value for name, value in named.items() if value is not None},
        "at": microseconds(one.inserted_at),
        "generation": generation,
        "terms": stream_of(places),
        "titles": stream_of(place for place in places if place.weight == "A"),
    }


async def _files(
    cluster: OpenSearch, index: str, documents: Sequence[Document], stale: Sequence[Key]
) -> set[str]:
    """Names of the files that hang on these now."""
    keys = [one.key for one in documents] + list(stale)
    bearers = _Bearers(
        {(key.container_id, key.id) for key in keys if key.kind == "message"},
        {key.id for key in keys if key.kind in BEARERS and key.kind != "message"},
        {key.id for key in stale if key.kind == "file"},
    )
    items = {id for _, id in bearers.messages} | bearers.things
    if not items and not bearers.files:
        return set()
    search = {
        "query": all_of(
            one_of("kind", ["file"]),
            either([one_of("item_id", items), one_of("id", bearers.files)]),
        ),
        "size": HITS_MOST,
        "track_total_hits": False,
    }
    # Those of the turn before may not be found yet.
    await refresh(cluster, index)
    (answered,) = await ask(cluster, index, [search])
    return {hit.id for hit in answered.hits if bearers.have(hit.source)}


class _Bearers(msgspec.Struct, frozen=True):
    messages: set[tuple[UUID | None, UUID]]
    """Their ids are their own only in their container."""
    things: set[UUID]
    files: set[UUID]
    """Files themselves."""

    def have(self, file: Source) -> bool:
        item = None if file.item_id is None else UUID(file.item_id)
        return (
            UUID(file.id) in self.files
            or item in self.things
            or (UUID(file.container_id), item) in self.messages
        )
