"""`cgraph`: one file per command; here they are named, run, and their failures put into words."""

import sys
from collections.abc import Sequence
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

app = App(
    name="cgraph",
    version=f"cgraph {version('cgraph')}",
    help="""
    The backend of a community platform, from one command.

    Settings come from the environment, and from the TOML file that CGRAPH_CONFIG names; docs/reference/settings.md
    lists them. Without DATABASE_URL everything runs on an embedded PostgreSQL below the data directory.

    Examples:

    `cgraph serve` serves HTTP and realtime on http://localhost:4000

    `cgraph doctor` looks for what is wrong, and says what to do

    `cgraph import slack export.zip --dry-run` tells what an import would do
    """,
    help_format="markdown",
)
app.command("cgraph_cli.serve:serve", help="Serve HTTP and realtime until told to stop.")
app.command("cgraph_cli.migrate:migrate", help="Bring the database up to date.")
app.command("cgraph_cli.doctor:doctor", help="Look for what is wrong, and say what to do.")
app.command("cgraph_cli.imports:app", name="import", help="Take over what people said elsewhere.")
app.command("cgraph_cli.shell:shell", help="Python with the application loaded.")
app.command("cgraph_cli.routes:routes", help="List every route and every channel event.")
app.command("cgraph_cli.bench:bench", help="Measure what this machine can carry.")
app.command("cgraph_cli.docs:docs", help="Write the generated references, or check them.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit status: 0 well, 1 not, 2 wrong arguments or settings."""
    try:
        code = uvloop.run(_run(arguments))
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


async def _run(arguments: Sequence[str] | None) -> int:
    try:
        result = await app.run_async(arguments, result_action="return_value", exit_on_error=False)
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
        complain(f"cgraph: {error.message}")
        return 1
    return result if isinstance(result, int) else 0


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


if __name__ == "__main__":
    main()
