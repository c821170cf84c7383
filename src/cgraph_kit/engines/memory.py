"""How much memory a server may use: of a machine, or of the container it runs in."""

import os
from collections.abc import Sequence
from pathlib import Path

MIB = 2**20
LEAST, MOST = 128 * MIB, 1024 * MIB
"""Bounds of what an embedded PostgreSQL keeps pages in. It shares its machine with who started it."""
CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Of containers, in versions 2 and 1; \"max\" or a number past all memory: none."""


def available_memory(limits: Sequence[Path] = CGROUP_LIMITS) -> int:
    """Bytes of the machine, or fewer where the container is given fewer."""
    sizes = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for file in limits:
        try:
            sizes.append(int(file.read_text()))
        except (OSError, ValueError):
            continue
    return min(sizes)


def postgres_memory(available: int) -> dict[str, str]:
    """PostgreSQL's settings for so many bytes: an eighth for its own pages, and half to be counted on in all."""
    shared = min(max(available // 8, LEAST), MOST)
    return {
        "shared_buffers": f"{shared // MIB}MB",
        "effective_cache_size": f"{max(available // 2, LEAST) // MIB}MB",
    }
