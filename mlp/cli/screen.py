"""What a person sees while a command works. All of it goes to stderr: stdout belongs to the data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import typer

from mlp.cli.moves import Moves
from mlp.cli.program import program
from mlp.cli.text import printable

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 60  # columns from which on there is room for a bar


@dataclass(frozen=True)
class Screen:
    """Lines for a person, with colour and motion only where they help.

    `quiet` leaves failures and warnings only; `verbose` adds details.
    """

    colour: bool
    live: bool
    """Whether stderr is a terminal, so that a spinner can turn."""
    quiet: bool = False
    verbose: bool = False

    def step(self, text: str) -> None:
        """Say that something is done."""
        if not self.quiet:
            self._line("✓", typer.colors.GREEN, text)

    def note(self, text: str) -> None:
        """Say something worth knowing."""
        if not self.quiet:
            self._line(" ", None, text)

    def detail(self, text: str) -> None:
        """Say something that only the curious want."""
        if self.verbose and not self.quiet:
            self._line("·", None, text)

    def warn(self, text: str) -> None:
        """Say that something is not as the user may believe."""
        self._line("!", typer.colors.YELLOW, text)

    def failure(self, code: str, message: str, fix: str | None) -> None:
        """Say what went wrong in one line, and what to do in another."""
        self._line("✗", typer.colors.RED, f"{code} {message}")
        if fix:
            self._line(" ", None, f"fix: {fix}")

    def next(self, *commands: str) -> None:
        """Suggest arguments of `mlp` to type next; only a person at a terminal is told."""
        if self.live and not self.quiet:
            for number, command in enumerate(commands):
                self._line(" ", None, f"{'next:' if number == 0 else '     '} {program()} {command}")

    def working(self, text: str) -> AbstractContextManager[Callable[[Sequence[str]], None]]:
        """Show that `text` is under way, for as long as the block runs; yields what is told where its parts are.

        Without a terminal, parts that have moved are a line each, every ten seconds.
        """
        return self._spinner(text) if self.live and not self.quiet else nullcontext(Moves(self.note))

    def sending(self, text: str, size: int, then: str) -> AbstractContextManager[Callable[[int], None]]:
        """Show how many of `size` bytes have gone, and `then` once all have; yields what is told the number so far."""
        return self._bar(text, size, then) if self.live and not self.quiet else nullcontext(lambda _: None)

    @contextmanager
    def _bar(self, text: str, size: int, then: str) -> Iterator[Callable[[int], None]]:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        console = self._console()
        words, bytes_sent = TextColumn("{task.description}"), DownloadColumn(binary_units=True)
        wide = (words, BarColumn(), bytes_sent, TimeRemainingColumn(compact=True, elapsed_when_finished=True))
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

        return Console(stderr=True, no_color=not self.colour, highlight=False)

    def _line(self, symbol: str, colour: str | None, text: str) -> None:
        mark = typer.style(symbol, fg=colour, bold=True) if colour and self.colour else symbol
        print(f"{mark} {printable(text)}", file=sys.stderr, flush=True)  # noqa: T201  a spinner moves what it writes


def screen_for(stream: TextIO, *, when: str, colourless: bool, quiet: bool, verbose: bool) -> Screen:
    """Return the screen for `stream`; `when` is the --color flag: auto, always or never."""
    live = stream.isatty() and not colourless
    colour = when == "always" or (when == "auto" and live)
    return Screen(colour=colour, live=stream.isatty(), quiet=quiet, verbose=verbose)


def is_interactive() -> bool:
    """Whether somebody is there to answer a question."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
