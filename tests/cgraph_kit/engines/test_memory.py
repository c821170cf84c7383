"""How much of a machine an embedded PostgreSQL takes."""

import os
from pathlib import Path

import pytest

from cgraph_kit.engines.memory import MIB, available_memory, postgres_memory

GIB = 1024 * MIB


@pytest.mark.parametrize(
    ("available", "shared", "cached"),
    [
        (512 * MIB, "128MB", "256MB"),
        (4 * GIB, "512MB", "2048MB"),
        (64 * GIB, "1024MB", "32768MB"),
    ],
)
def test_an_eighth_is_taken_within_bounds(available: int, shared: str, cached: str) -> None:
    assert postgres_memory(available) == {
        "shared_buffers": shared,
        "effective_cache_size": cached,
    }


def test_a_container_has_what_it_is_given(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(f"{300 * MIB}\n")
    assert available_memory([tmp_path / "absent", limit]) == 300 * MIB


@pytest.mark.parametrize("unlimited", ["max\n", "9223372036854771712\n"])
def test_without_a_limit_it_is_the_machines(tmp_path: Path, unlimited: str) -> None:
    (tmp_path / "memory.max").write_text(unlimited)
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert available_memory([tmp_path / "memory.max"]) == whole
