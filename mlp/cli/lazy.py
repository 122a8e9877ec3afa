"""A command group that imports a command when it is run, and none to print help."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from mlp.cli.coercion import plain
from mlp.cli.tree import Entry

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter, Parameter

SHARED_PANEL = "Options of every command"


class PanelCommand(TyperCommand):
    """A command whose help lists its own options apart from those that every command has."""

    def get_params(self, ctx: Context) -> list[Parameter]:
        """Return the parameters, with the plain ones spared from pydantic."""
        return plain(super().get_params(ctx))

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Take the arguments; an option without its value is told with the way it is written."""
        from typer._click.exceptions import BadOptionUsage

        try:
            return super().parse_args(ctx, args)
        except BadOptionUsage as error:
            error.ctx = error.ctx or ctx
            for param in self.get_params(ctx):
                if error.option_name in param.opts and "requires an argument" in error.message:
                    name, value = error.option_name, getattr(param, "metavar", None) or "VALUE"
                    error.message = f"{name} needs a value: {ctx.command_path} {name} {value}"
            raise

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the sections Arguments, Options and the shared ones."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], SHARED_PANEL: []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                panel = getattr(param, "rich_help_panel", None)
                default = "Arguments" if param.param_type_name == "argument" else "Options"
                sections[panel if panel in sections else default].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class LazyGroup(TyperGroup):
    """A group over a static table: `entries` of commands, `groups` of further groups."""

    entries: Mapping[str, Entry] = {}
    groups: Mapping[str, LazyGroup] = {}

    def get_params(self, ctx: Context) -> list[Parameter]:
        """Return the parameters, with the plain ones spared from pydantic."""
        return plain(super().get_params(ctx))

    def list_commands(self, ctx: Context) -> list[str]:
        """Return the names in the order of the table, groups last."""
        return [*self.entries, *self.groups]

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Import and return one command; None when there is none of that name."""
        if cmd_name in self.groups:
            return self.groups[cmd_name]
        entry = self.entries.get(cmd_name)
        return None if entry is None else load(cmd_name, entry)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the table's own lines, importing nothing."""
        lines = [(name, entry.help) for name, entry in self.entries.items()]
        lines += [(name, group.help or "") for name, group in self.groups.items()]
        with formatter.section("Commands"):
            formatter.write_dl(lines)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Find the command; a wrong name is answered with the nearest ones."""
        names = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in names:
            from difflib import get_close_matches

            near = get_close_matches(args[0], names)
            hint = f" Did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


def load(name: str, entry: Entry) -> Command:
    """Import the module of a command and return the command that its `run` function describes."""
    run: Any = import_module(entry.module).run
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name=name, cls=PanelCommand, context_settings={"help_option_names": ["-h", "--help"]})(run)
    return typer.main.get_command(app)
