"""`cgraph`: one file per command; here they are named, run, and their failures put into words."""

import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version

import uvloop
from cyclopts import App, CycloptsError

from cgraph.settings import SettingsError
from cgraph_kit.engines import EngineError
from cgraph_kit.errors import Error
from cgraph_kit.migrate import MigrationError

from .output import Failure, complain

USAGE = 2
"""Exit status of wrong arguments and unusable settings."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
UNREAD = 141
"""Exit status where nobody reads the output any more, as shells have it."""

COMMANDS = {
    "serve": ("serve", "Serve HTTP and realtime until told to stop."),
    "migrate": ("migrate", "Bring the database up to date."),
    "work": ("work", "Do jobs until told to stop."),
    "jobs": ("jobs", "Look at what is done later, and give orders."),
    "files": ("files", "Look at what people have uploaded, and remove what nobody needs."),
    "search": ("search", "Look at the index behind search, and have it written anew."),
    "doctor": ("doctor", "Look for what is wrong, and say what to do."),
    "admin": ("admin", "Appoint administrators."),
    "backup": ("backup", "Back the database up, and see that the backups are good."),
    "restore": ("restore", "Make the database what it was when a backup was made."),
    "mail": ("mail", "See that mail arrives."),
    "keys": ("keys", "Make keys, as settings."),
    "import": ("imports", "Take over people and conversations from other systems."),
    "seed": ("seed", "Fill a database with made-up communities."),
    "shell": ("shell", "Python with the application loaded."),
    "routes": ("routes", "List every route and every event of the channels."),
    "bench": ("bench", "Measure what this machine can carry."),
    "docs": ("docs", "Write the generated references, or check them."),
}
"""Each command, the module it is in, and what the help page says of it."""

HELP = """
The backend of a community platform, from one command.

Settings come from the environment, and from the TOML file that CGRAPH_CONFIG names; docs/reference/settings.md
lists them. Without DATABASE_URL everything runs on an embedded PostgreSQL below the data directory.

For example:

- `cgraph serve` serves HTTP and realtime on http://localhost:4000
- `cgraph doctor` looks for what is wrong, and says what to do
- `cgraph import slack export.zip --dry-run` tells what an import would do
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit status: 0 well, 1 not, 2 wrong arguments or settings."""
    try:
        code = uvloop.run(run(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever reads this has enough, as `head` has: nothing to complain about, and nowhere to flush to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = UNREAD
    if arguments is None:  # the process ends: waiting for its threads is nothing to interrupt
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _app(arguments: Sequence[str]) -> App:
    """The command that is called, loaded; the others are names only, for each brings much with it."""
    app = App(
        name="cgraph", version=f"cgraph {version('cgraph')}", help=HELP, help_format="markdown"
    )
    called = next((each for each in arguments if not each.startswith("-")), None)
    for order, (name, (module, summary)) in enumerate(COMMANDS.items()):
        if name != called:
            path = f"cgraph_cli.{module}:command"
            app.command(path, name=name, help=summary, sort_key=order)
            continue
        with _uncollected():
            command = import_module(f"cgraph_cli.{module}").command
        if isinstance(command, App):
            app.command(command)
        else:
            app.command(command, name=name)
    return app


@contextmanager
def _uncollected() -> Iterator[None]:
    """What modules are made of stays: looking for garbage among it was a tenth of the time to load a server."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


async def run(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit status. Failures are printed, bugs are raised."""
    try:
        result = await _app(arguments).run_async(
            arguments, result_action="return_value", exit_on_error=False
        )
    except CycloptsError:
        return USAGE
    except Failure as failure:
        complain(failure.message)
        return failure.code
    except SettingsError as error:
        complain(f"The settings cannot be used:\n{_indented(str(error))}")
        return USAGE
    except (EngineError, MigrationError) as error:
        complain(f"cgraph: {error}")
        return 1
    except Error as error:
        complain(f"cgraph: {error}")
        return 1
    return result if isinstance(result, int) else 0


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


if __name__ == "__main__":
    main()
