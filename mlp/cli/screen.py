"""What a person sees while a command works. All of it goes to stderr: stdout belongs to the data."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import typer

from mlp.cli.lines import Lines
from mlp.cli.program import program
from mlp.cli.text import printable
from mlp.cli.text import size as size_text

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 60  # columns from which on there is room for a bar
_SYMBOLS = {"done": "✓", "detail": "·", "warning": "!", "error": "✗"}
_COLOURS = {"done": typer.colors.GREEN, "warning": typer.colors.YELLOW, "error": typer.colors.RED}


@dataclass(frozen=True)
class Screen:
    """Lines for a person, with colour and motion only where they help.

    `quiet` leaves failures and warnings only; `verbose` adds details; `accessible` writes words instead of symbols.
    """

    colour: bool
    live: bool
    """Whether stderr is a terminal, so that somebody may want to know what to type next."""
    moving: bool = False
    """Whether lines may be written anew: by a spinner, a bar."""
    quiet: bool = False
    verbose: bool = False
    accessible: bool = False

    def step(self, text: str) -> None:
        """Say that something is done."""
        if not self.quiet:
            self._line("done", text)

    def note(self, text: str) -> None:
        """Say something worth knowing."""
        if not self.quiet:
            self._line("", text)

    def detail(self, text: str) -> None:
        """Say something that only the curious want."""
        if self.verbose and not self.quiet:
            self._line("detail", text)

    def warn(self, text: str) -> None:
        """Say that something is not as the user may believe."""
        self._line("warning", text)

    def wrong(self, text: str) -> None:
        """Say that something failed, though the command goes on."""
        self._line("error", text)

    def failure(self, code: str, message: str, fix: str | None) -> None:
        """Say what went wrong in one line, and what to do in another."""
        self._line("error", " ".join(f"{code} {message}".split()))
        if fix:
            self._line("", f"fix: {fix}")

    def next(self, *commands: str) -> None:
        """Suggest arguments of `mlp` to type next; only a person at a terminal is told."""
        if self.live and not self.quiet:
            for number, command in enumerate(commands):
                self._line("", f"{'next:' if number == 0 else '     '} {program()} {command}")

    def working(self, text: str) -> AbstractContextManager[Callable[[Sequence[str]], None]]:
        """Show that `text` is under way, for as long as the block runs; yields what is told where its parts are.

        Where nothing may move, what takes long is told in lines.
        """
        if self.quiet:
            return nullcontext(lambda _: None)
        return self._spinner(text) if self.moving else Lines(self.note, lambda: text)

    def sending(self, text: str, size: int, then: str) -> AbstractContextManager[Callable[[int], None]]:
        """Show how many of `size` bytes have gone, and `then` once all have; yields what is told the number so far."""
        if self.quiet:
            return nullcontext(lambda _: None)
        return self._bar(text, size, then) if self.moving else self._counting(text, size, then)

    @contextmanager
    def _counting(self, text: str, size: int, then: str) -> Iterator[Callable[[int], None]]:
        travel = Travel(text, size, then)
        with Lines(self.note, travel.words):
            yield travel.tell

    @contextmanager
    def _bar(self, text: str, size: int, then: str) -> Iterator[Callable[[int], None]]:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.progress import TransferSpeedColumn as SpeedColumn

        console = self._console()
        words, bytes_sent = TextColumn("{task.description}"), DownloadColumn(binary_units=True)
        left = TimeRemainingColumn(compact=True, elapsed_when_finished=True)
        wide = (words, BarColumn(), bytes_sent, SpeedColumn(), left)
        columns = wide if console.width >= _WIDE else (words, bytes_sent)
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(f"{printable(text)} …", total=size)

            def tell(sent: int) -> None:
                # A push that is tried again begins anew.
                words = then if sent >= size else text
                progress.update(task, completed=sent, description=f"{printable(words)} …")

            yield tell

    @contextmanager
    def _spinner(self, text: str) -> Iterator[Callable[[Sequence[str]], None]]:
        head = f"{printable(text)} …"
        with self._console().status(head, spinner="dots") as status:
            yield lambda parts: status.update("\n".join([head, *(f"  {printable(part)}" for part in parts)]))

    def _console(self) -> Console:
        from rich.console import Console

        return Console(stderr=True, no_color=not self.colour, highlight=False, markup=False)

    def _line(self, kind: str, text: str) -> None:
        symbol = (f"{kind}:" if kind else "") if self.accessible else _SYMBOLS.get(kind, " ")
        mark = typer.style(symbol, fg=_COLOURS[kind], bold=True) if kind in _COLOURS and self.colour else symbol
        words = printable(text)
        # A spinner moves what is printed; it does not see what is written to the stream.
        print(f"{mark} {words}" if mark else words, file=sys.stderr, flush=True)  # noqa: T201


class Travel:
    """How many bytes have gone, in words."""

    def __init__(self, text: str, size: int, then: str) -> None:
        self._text, self._size, self._then = text, size, then
        self._sent = 0
        self._begun = time.monotonic()

    def tell(self, sent: int) -> None:
        """Take the number so far."""
        self._sent = sent

    def words(self) -> str:
        """Return how far it is."""
        if self._sent >= self._size:
            return self._then
        rate = self._sent / max(0.001, time.monotonic() - self._begun)
        return f"{self._text}: {size_text(self._sent)} of {size_text(self._size)}, {size_text(round(rate))}/s"


def screen_for(
    stream: TextIO, *, when: str, colourless: bool, quiet: bool, verbose: bool, accessible: bool = False
) -> Screen:
    """Return the screen for `stream`; `when` is the --color flag: auto, always or never."""
    live = stream.isatty()
    plain = colourless or when == "never"
    return Screen(
        colour=when == "always" or (live and not plain),
        live=live,
        moving=live and not plain and not accessible,
        quiet=quiet,
        verbose=verbose,
        accessible=accessible,
    )


def is_interactive() -> bool:
    """Whether somebody is there to answer a question."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
