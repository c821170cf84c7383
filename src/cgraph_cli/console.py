"""Python that may await at the top level: at a prompt, or a whole script."""

import ast
import asyncio
import code
import concurrent.futures
import inspect
import signal
import threading
import traceback
import types
from typing import Any

try:
    import readline  # line editing and history, by being there
except ImportError:
    readline = None  # type: ignore[assignment]

FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
Names = dict[str, Any]
Outcome = concurrent.futures.Future[None]


async def run_script(source: str, names: Names) -> int:
    """Run a whole script. A failure is shown as Python shows it; returns the exit status."""
    try:
        await _run(compile(source, "<stdin>", "exec", flags=FLAGS), names)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


async def run_prompt(banner: str, names: Names) -> None:
    """Prompt until the end of input or `exit()`. Ctrl-C cancels the statement that runs, not the shell."""
    loop = asyncio.get_running_loop()
    console = Console(names, loop)
    ended = loop.create_future()
    loop.add_signal_handler(signal.SIGINT, console.interrupt)
    try:
        # A daemon: nothing can wake a thread that waits for a line, and leaving must not wait for it.
        threading.Thread(
            target=_prompt, args=(console, banner, loop, ended), name="prompt", daemon=True
        ).start()
        await ended
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def _prompt(
    console: "Console",
    banner: str,
    loop: asyncio.AbstractEventLoop,
    ended: "asyncio.Future[None]",
) -> None:
    try:
        console.interact(banner=banner, exitmsg="")
    except SystemExit:
        pass
    finally:
        loop.call_soon_threadsafe(ended.set_result, None)


class Console(code.InteractiveConsole):
    """A prompt in a thread of its own, whose statements run on the loop."""

    def __init__(self, names: Names, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(names)
        self.compile.compiler.flags |= FLAGS
        self._loop = loop
        self._task: asyncio.Task[None] | None = None

    def runcode(self, compiled: types.CodeType) -> None:
        """Called in the prompt's thread; returns when the statement is done."""
        outcome: Outcome = concurrent.futures.Future()
        self._loop.call_soon_threadsafe(self._start, compiled, outcome)
        try:
            outcome.result()
        except SystemExit:
            raise
        except concurrent.futures.CancelledError:
            self.write("\nKeyboardInterrupt\n")
        except BaseException:
            self.showtraceback()

    def interrupt(self) -> None:
        """Cancel the statement that runs; called on the loop."""
        if self._task is not None:
            self._task.cancel()

    def _start(self, compiled: types.CodeType, outcome: Outcome) -> None:
        self._task = self._loop.create_task(self._into(compiled, outcome))

    async def _into(self, compiled: types.CodeType, outcome: Outcome) -> None:
        try:
            await _run(compiled, self.locals)
        except asyncio.CancelledError:
            outcome.cancel()
        except BaseException as error:
            outcome.set_exception(error)
        else:
            outcome.set_result(None)


async def _run(compiled: types.CodeType, names: Any) -> None:
    result = types.FunctionType(compiled, names)()
    if inspect.isawaitable(result):
        await result
