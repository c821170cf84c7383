"""Run benchmarks: `python -m bench fanout pairs`, or `all`; `--quick` for a look, `--keep` to write results."""

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

from . import lab

BENCHES = (
    "fanout",
    "pairs",
    "idle",
    "presence",
    "messages",
    "http",
    "resume",
    "decode",
    "jobs",
    "permissions",
    "channels",
    "forums",
    "search",
)
SEEDED = {"search"}
"""Those that look at a seeded database."""


def main() -> None:
    """Run what is named and print each result; with --keep write it to bench/results/."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="+", choices=[*BENCHES, "all"])
    parser.add_argument("--runs", type=int, default=5, help="runs per figure; medians are given")
    parser.add_argument("--quick", action="store_true", help="one short run each")
    parser.add_argument("--keep", action="store_true", help="write bench/results/<name>.json")
    parser.add_argument(
        "--data-dir",
        type=Path,
        help="of a seeded community, to search in; else DATABASE_URL, or a small one",
    )
    options = parser.parse_args()
    names = BENCHES if "all" in options.names else options.names
    runs = 1 if options.quick else options.runs
    for name in names:
        module: Any = importlib.import_module(f"bench.{name}")
        where = {"directory": options.data_dir} if name in SEEDED else {}
        result = lab.report(name, module.run(runs=runs, quick=options.quick, **where))
        print(json.dumps(result, indent=2))
        if options.keep:
            lab.keep(name, result)


if __name__ == "__main__":
    main()
