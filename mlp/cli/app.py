"""Where `mlp` begins and ends: arguments in, an exit code out; no way of ending is a traceback."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typer._click.exceptions import ClickException

INTERRUPTED = 130
_USAGE = 2


def main() -> None:
    """Run `mlp` with the arguments of this process."""
    signal.signal(signal.SIGINT, _interrupt)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code."""
    if list(arguments[:1]) == ["__complete"]:
        from mlp.cli.completion.answer import answer

        answer(arguments[1:])
        return 0
    _mend_streams()
    # pydantic would read the metadata of every installed package in search of plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        return _run(list(arguments))
    except KeyboardInterrupt:
        _say("interrupted", symbol="!")
        return INTERRUPTED
    except BrokenPipeError:
        abandon_stdout()
        return 0
    except OSError as error:
        # Help and version are printed outside of any command's own ending.
        fault = output_fault(error)
        if fault is None:
            raise
        abandon_stdout()
        from mlp.cli.catalogue import KNOWN

        entry = KNOWN[fault[0]]
        _say(f"{entry.code} {fault[1]}", f"fix: {entry.fix}")
        return 1


def _run(arguments: list[str]) -> int:
    import typer
    from typer._click.exceptions import ClickException, NoArgsIsHelpError

    from mlp.cli.root import app

    try:
        result = typer.main.get_command(app).main(args=arguments, prog_name="mlp", standalone_mode=False)
        sys.stdout.flush()
    except NoArgsIsHelpError as error:
        error.show()
        return _USAGE
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # Typer's own ending, whose exit code would be 1
            raise error.__context__ from None
        raise
    except ClickException as error:
        _say(*_usage(error))
        return _USAGE
    return result if isinstance(result, int) else 0


def _usage(error: ClickException) -> tuple[str, str]:
    """Return what is wrong with the arguments in one line, and where it is written how they are right."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "mlp"
    words = " ".join(error.format_message().split())
    return f"MLP0011 {words}", f"fix: see {command} --help"


def _say(*lines: str, symbol: str = "✗") -> None:
    from mlp.cli.settings import is_accessible

    if is_accessible(os.environ):
        symbol = {"✗": "error:", "!": "warning:"}[symbol]
    for number, line in enumerate(lines):
        sys.stderr.write(f"{symbol if number == 0 else ' '} {line}\n")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End in good order at the first Ctrl-C, and at once at the second."""
    signal.signal(signal.SIGINT, _end_now)
    raise KeyboardInterrupt


def _end_now(_number: int, _frame: FrameType | None) -> None:
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), b"\x1b[?25h\n")  # a cursor that a spinner has hidden
    os._exit(INTERRUPTED)


def _mend_streams() -> None:
    """Make sure that there are streams, and that no character is too much for them."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - until the process ends
    if sys.stdout is None:
        # Its number may not go to the next file or socket; what is written there fails, as it does for other programs.
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if hasattr(sys.stdout, "reconfigure") and sys.stdout.encoding.lower() != "utf-8":
        sys.stdout.reconfigure(errors="backslashreplace")


def output_fault(error: OSError) -> tuple[str, str] | None:
    """Return the key of the catalogue and the words for an output that cannot be written; None for another failure."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "output_full", "the output cannot be written: no space is left"
    if error.errno == errno.EBADF and not _is_writable(sys.stdout):
        return "output_closed", "the output cannot be written: stdout is closed"
    return None


def _is_writable(stream: TextIO) -> bool:
    try:
        return fcntl.fcntl(stream.fileno(), fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    except OSError:
        return False


def abandon_stdout() -> None:
    """Write nothing more to stdout: Python would try at exit to write what is left, and complain."""
    with suppress(OSError):  # it is not a stream of the system
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
