"""What is released: the wheel, the image, the units, and the operator's commands as they are written down."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cgraph import configuration
from cgraph.settings import Settings, variable
from cgraph_cli.main import COMMANDS
from cgraph_kit.engines.binaries import OLDEST_POSTGRES
from support.documents import ROOT, blocks
from support.served import OWN, SETTINGS, Person, calling, serving

VARIABLES = {variable(name) for name in Settings.model_fields} | {"CGRAPH_CONFIG"}
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
NEWEST_POSTGRES = 18
"""The embedded one's."""


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    [built] = directory.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has CGraph from the wheel alone, and what it needs from this one."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place)
    python = place / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    options = ["--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)]
    subprocess.run(command + options, check=True, capture_output=True, timeout=120)
    # Paths named in a .pth file bring their packages, but not their own .pth files: no editable install of ours.
    [packages] = place.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return place / "bin"


class TestWheel:
    def test_holds_every_file_of_the_source(self, wheel: Path) -> None:
        source = ROOT / "src"
        files = {
            path.relative_to(source).as_posix()
            for path in source.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        with zipfile.ZipFile(wheel) as archive:
            packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert packed == files
        assert any(name.startswith("cgraph/migrations/0001") for name in packed)
        assert any(name.startswith("cgraph_web/assets/") for name in packed)
        assert any(name.endswith(".html") for name in packed if "templates" in name)

    def test_runs_without_the_source(self, installed: Path, tmp_path: Path) -> None:
        program = "import cgraph, cgraph_web.app, cgraph.migrations as m; print(cgraph.__file__, len(m.load()))"
        answer = subprocess.run(
            [installed / "python", "-c", program],
            cwd=tmp_path,
            env=environment(installed),
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        where, count = answer.stdout.split()
        assert where.startswith(str(installed.parent))
        assert int(count) == len(list((ROOT / "src/cgraph/migrations").glob("*.sql")))


def environment(installed: Path) -> dict[str, str]:
    """The developer's, without their own settings and source, and with these programs first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    kept.pop("PYTHONPATH", None)
    return kept | SETTINGS | {"PATH": f"{installed}{os.pathsep}{kept['PATH']}"}


class TestDockerfile:
    LINES = re.sub(r"\\\n", " ", text("Dockerfile")).splitlines()

    def said(self, instruction: str) -> list[str]:
        return [line.partition(" ")[2] for line in self.LINES if line.startswith(f"{instruction} ")]

    def test_runs_as_somebody_ordinary(self) -> None:
        assert self.said("USER")[-1] not in {"root", "0"}

    def test_copies_what_is_there_and_not_ignored(self) -> None:
        wanted = [
            name
            for line in self.said("COPY")
            if not line.startswith("--from")
            for name in line.split()[:-1]
        ]
        admitted = {line[1:] for line in text(".dockerignore").splitlines() if line[:1] == "!"}
        assert set(wanted) == admitted
        assert all((ROOT / name).exists() for name in wanted)

    def test_sets_what_is_a_setting(self) -> None:
        names = re.findall(r"(\w+)=", " ".join(self.said("ENV")))
        ours = [name for name in names if name.startswith(OWN)]
        assert set(ours) <= VARIABLES
        assert "CGRAPH_DATA_DIR" in ours

    def test_is_asked_for_its_health_where_it_listens(self) -> None:
        [check] = self.said("HEALTHCHECK")
        assert "/ready" in check
        assert self.said("EXPOSE") == [str(Settings.model_fields["port"].default)]

    def test_has_the_clients_of_every_supported_server(self) -> None:
        clients = {
            int(major) for major in re.findall(r"postgresql-client-(\d+)", text("Dockerfile"))
        }
        assert clients == set(range(OLDEST_POSTGRES, NEWEST_POSTGRES + 1))


class TestCompose:
    @pytest.fixture
    def compose(self) -> Any:
        return yaml.safe_load(text("compose.yaml"))

    @pytest.fixture
    def ours(self, compose: Any) -> dict[str, Any]:
        return {
            name: each for name, each in compose["services"].items() if each["image"] == "cgraph"
        }

    def test_is_the_whole_of_it(self, compose: Any, ours: dict[str, Any]) -> None:
        assert set(ours) == {"migrate", "node-1", "node-2", "worker"}
        assert set(compose["services"]) - set(ours) == {"postgres", "valkey", "proxy"}

    def test_names_what_is_there(self, compose: Any) -> None:
        services = compose["services"]
        assert {name for each in services.values() for name in each.get("depends_on", [])} <= set(
            services
        )
        mounted = set(mounts(services))
        named = {name for name in mounted if not name.startswith(".")}
        assert named == set(compose["volumes"])
        assert all((ROOT / name).exists() for name in mounted - named)

    def test_sets_what_is_a_setting_and_starts_with_it(
        self, ours: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in list(os.environ):
            if name.startswith(OWN):
                monkeypatch.delenv(name)
        monkeypatch.setenv("CGRAPH_ENV", "prod")
        for name, value in ours["node-1"]["environment"].items():
            assert name in VARIABLES
            monkeypatch.setenv(name, filled(value))
        settings = configuration.read()
        assert settings.queues == {}
        assert settings.base_url == "https://localhost"

    def test_its_worker_serves_every_queue(self, ours: dict[str, Any]) -> None:
        served = {
            name: int(count)
            for name, count in (
                part.split("=") for part in ours["worker"]["command"][-1].split(",")
            )
        }
        assert served == Settings.model_fields["queues"].default
        assert served.keys() == unit_queues().keys()

    def test_its_nodes_believe_its_proxy(self, compose: Any, ours: dict[str, Any]) -> None:
        [network] = compose["networks"]["default"]["ipam"]["config"]
        assert network["subnet"] in ours["node-1"]["environment"]["CGRAPH_TRUSTED_PROXIES"]

    def test_its_proxy_knows_its_nodes(self, ours: dict[str, Any]) -> None:
        port = Settings.model_fields["port"].default
        known = set(re.findall(rf"(\S+):{port}\b", text("deploy/Caddyfile")))
        assert known == {name for name in ours if name.startswith("node-")}


def mounts(services: Any) -> Iterator[str]:
    for each in services.values():
        for volume in each.get("volumes", []):
            yield volume.partition(":")[0]


def filled(value: str) -> str:
    """As compose would, with a long secret for whatever must be given."""
    value = re.sub(r"\$\{(\w+):-([^}]*)\}", r"\2", value)
    return re.sub(r"\$\{(\w+):\?[^}]*\}", lambda found: f"{found[1]}-".ljust(40, "x"), value)


def unit_queues() -> dict[str, int]:
    [found] = re.findall(
        r"^ExecStart=.* work --queues (\S+)$", text("deploy/cgraph-worker.service"), re.MULTILINE
    )
    return {name: int(count) for name, count in (part.split("=") for part in found.split(","))}


class TestDeploy:
    def test_the_environment_file_names_settings_only(self) -> None:
        names = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", text("deploy/cgraph.env"), re.MULTILINE)
        assert set(names) - VARIABLES == {"POSTGRES_PASSWORD"}

    @pytest.mark.parametrize("unit", ["cgraph", "cgraph-worker"])
    def test_the_units_do(self, unit: str) -> None:
        lines = text(f"deploy/{unit}.service").splitlines()
        set_here = " ".join(line[12:] for line in lines if line.startswith("Environment="))
        assert set(re.findall(r"(\w+)=", set_here)) <= VARIABLES
        [command] = [line for line in lines if line.startswith("ExecStart=")]
        assert command.split()[1] in COMMANDS


class TestOperations:
    def test_names_settings_that_exist(self) -> None:
        named = set(re.findall(r"\bCGRAPH_[A-Z0-9_]+\b", OPERATIONS))
        assert named <= VARIABLES

    def test_names_commands_that_exist(self) -> None:
        named = set(
            re.findall(r"(?:^|`)(?:[A-Z_]+=\S+ )*cgraph ([a-z]+)", OPERATIONS, re.MULTILINE)
        )
        assert {"backup", "restore", "doctor", "migrate", "work"} <= named <= set(COMMANDS)

    async def test_a_backup_is_made_and_restored_as_written(
        self, installed: Path, tmp_path: Path
    ) -> None:
        """People talk; their server is lost; from its store alone another one comes up, and they go on."""
        data, restored = tmp_path / "cgraph", tmp_path / "cgraph-restored"
        async with serving(data) as served, calling(served.address) as http:
            ada, bob = await Person.register(http, "ada"), await Person.register(http, "bob")
            conversation = await ada.post("/conversations", {"participant_ids": [bob.id]})
            path = f"/conversations/{conversation['id']}/messages"
            await ada.post(path, {"content": "before the loss"})
            backup = self.run("Backups", installed, tmp_path, data)
            assert "It is a true copy." in backup
            await ada.post(path, {"content": "after the backup"})
        assert "the same as were backed up" in self.run("Restoring", installed, tmp_path, restored)
        async with serving(restored) as served, calling(served.address) as http:
            again = await bob.at(http).login()
            assert [message["content"] for message in await again.pages(path)] == [
                "before the loss"
            ]
            await again.post(path, {"content": "good to be back"})

    def run(self, section: str, installed: Path, place: Path, data: Path) -> str:
        """What the section's first commands say, with these directories for those it names."""
        first = next(
            each for each in blocks("docs/operations.md", section) if each.language == "sh"
        )
        script = first.text.replace("/var/lib/cgraph", str(place / "cgraph"))
        answer = subprocess.run(
            ["sh", "-eu", "-c", script],
            cwd=place,
            env=environment(installed) | {"CGRAPH_DATA_DIR": str(data)},
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout
