"""What our guides say a server answers, compared with what one does answer.

An `http` block is the answer to the last `curl` of the `sh` block above it: its status, headers that matter, its body. In it `…` stands
for whatever is there: within a text for a part of it, as a name for more fields, as an item for more items. `$NAME` is what the
shell has under that name. Everything else must be as it stands, but for sizes of what was made of an image, which
differ from encoder to encoder.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .documents import Shell, at, blocks

MORE = "…"
MEASURED = frozenset({"size", "used"})
"""Names of numbers that may be others, of the same type."""
_VARIABLE = re.compile(r"\$([A-Z_]+)")
_CURL = """#!/bin/sh
# The real one, keeping what it was answered and how it asked.
{curl} --dump-header {kept}/head --write-out '%{{stderr}}%{{method}}\\n' "$@" 2>>{kept}/methods | tee {kept}/body
"""


@dataclass(frozen=True)
class Answer:
    """Header names in lower case. `body`: None where there is none, or none is shown."""

    status: int
    headers: Mapping[str, str]
    body: Any = None


@dataclass(frozen=True)
class Step:
    """A block of the shell, and what the last request in it is answered, where that is shown."""

    script: str
    answer: str | None


def steps(page: str) -> list[Step]:
    """A guide's blocks in order, those of other languages left out."""
    found: list[Step] = []
    for block in blocks(page):
        if block.language == "sh":
            found.append(Step(block.text, None))
        elif block.language == "http":
            assert found, f"{page}: an answer to nothing"
            assert found[-1].answer is None, f"{page}: a second answer to\n{found[-1].script}"
            found[-1] = Step(found[-1].script, block.text)
    return found


def read_answer(text: str) -> Answer:
    """Of what is written as HTTP is."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.strip().splitlines()
    headers = (line.partition(":") for line in lines)
    return Answer(
        int(first.split()[1]),
        {name.lower(): value.strip() for name, _, value in headers},
        json.loads(body) if body.strip() else None,
    )


def differences(shown: Any, got: Any, where: str = "") -> Iterator[str]:
    """Where an answer is not as it is shown, by path."""
    if shown == MORE:
        return
    if isinstance(shown, dict) and isinstance(got, dict):
        yield from _fields(shown, got, where)
    elif isinstance(shown, list) and isinstance(got, list):
        yield from _items(shown, got, where)
    elif isinstance(shown, str) and isinstance(got, str):
        pattern = ".*".join(re.escape(part) for part in shown.split(MORE))
        if not re.fullmatch(pattern, got, re.DOTALL):
            yield f"{where}: shown as {shown!r}, is {got!r}"
    elif (measured := where.rpartition(".")[2] in MEASURED) and type(shown) is type(got):
        return
    elif type(shown) is not type(got) or shown != got:
        yield f"{where}: shown as {shown!r}, is {got!r}{' by type' * measured}"


def _fields(shown: dict[str, Any], got: dict[str, Any], where: str) -> Iterator[str]:
    named = shown.keys() - {MORE}
    yield from (f"{where}.{name}: is not there" for name in sorted(named - got.keys()))
    if MORE not in shown:
        yield from (f"{where}.{name}: is not shown" for name in sorted(got.keys() - named))
    for name in sorted(named & got.keys()):
        yield from differences(shown[name], got[name], f"{where}.{name}")


def _items(shown: list[Any], got: list[Any], where: str) -> Iterator[str]:
    open_ended = shown[-1:] == [MORE]
    wanted = shown[:-1] if open_ended else shown
    if len(got) < len(wanted) or (len(got) > len(wanted) and not open_ended):
        yield f"{where}: {len(wanted)} items shown, there are {len(got)}"
    for number, (one, other) in enumerate(zip(wanted, got, strict=False)):
        yield from differences(one, other, f"{where}[{number}]")


class Follower:
    """Does in a shell what a guide says, step by step."""

    def __init__(self, terminal: Shell, directory: Path, address: str) -> None:
        self._terminal = terminal
        self._address = address
        self._kept = directory / "answered"
        self._kept.mkdir()
        self._done = 0
        curl = self._kept / "curl"
        curl.write_text(_CURL.format(curl=shutil.which("curl"), kept=self._kept), encoding="utf-8")
        curl.chmod(0o700)
        terminal.run(f"PATH={self._kept}:$PATH")

    async def follow(self, step: Step) -> tuple[bool, list[str]]:
        """Whether the step did nothing but ask, and where its last answer is not as it is shown."""
        (self._kept / "methods").write_text("")
        await self._run(at(step.script, self._address))
        only_asked = set((self._kept / "methods").read_text().split()) == {"GET"}
        if step.answer is None:
            return only_asked, []
        shown, got = read_answer(await self._filled(step.answer)), self._got()
        different = [] if shown.status == got.status else [f"status: {got.status}"]
        for name, value in shown.headers.items():
            different += differences(value, got.headers.get(name), name)
        if shown.body is not None:
            different += differences(shown.body, got.body)
        return only_asked, different

    async def _run(self, script: str) -> None:
        self._done += 1
        self._terminal.run(f"{script}\necho; echo 'step {self._done} is done'")
        await self._terminal.says(f"\nstep {self._done} is done\n")

    async def _filled(self, text: str) -> str:
        names = list(dict.fromkeys(_VARIABLE.findall(text)))
        quoted = " ".join(f'"${name}"' for name in names)
        await self._run(f"printf '%s\\n' {quoted} > {self._kept}/values")
        values = dict(zip(names, (self._kept / "values").read_text().splitlines(), strict=False))
        return _VARIABLE.sub(lambda found: values[found[1]], text)

    def _got(self) -> Answer:
        heads = (self._kept / "head").read_text(encoding="utf-8").replace("\r", "")
        head = heads.strip().rpartition("\n\n")[2]
        body = (self._kept / "body").read_bytes()
        is_json = "json" in read_answer(head).headers.get("content-type", "") and body.startswith(
            b"{"
        )
        return read_answer(f"{head}\n\n{body.decode() if is_json else ''}")
