"""Every command in writing: the page docs/cli.md, and the table that completion reads.

`python -m mlp.cli.manual` writes both anew from the commands, in a checkout.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlp.cli.command import _SHARED
from mlp.cli.completion.grammar import WORDS
from mlp.cli.lazy import SHARED_PANEL, load
from mlp.cli.settings import KEYS
from mlp.cli.tree import GROUPS, ROOT, Entry, Group

if TYPE_CHECKING:
    from typer._click import Command, Context, Parameter

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
_HEAD = """# The command line

Written by `python -m mlp.cli.manual`; a test compares it with the commands. `mlp COMMAND --help` says the same.

Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not ready for it,
4 not allowed, 5 not found, 6 not in time, 7 not confirmed, 8 differences, 130 interrupted.
Every failure has a code; `mlp explain` lists them.
"""


@dataclass(frozen=True)
class Described:
    """A command: its whole name, its line, and what Typer made of it."""

    name: str
    line: str
    command: Command
    context: Context

    @property
    def parameters(self) -> list[Parameter]:
        """Return arguments and options."""
        return self.command.get_params(self.context)


def commands() -> Iterator[Described]:
    """Return every command, groups after the commands beside them."""
    yield from _below("", Group(ROOT, "", GROUPS))


def _below(path: str, group: Group) -> Iterator[Described]:
    for name, entry in group.entries.items():
        yield _described(f"{path}{name}", name, entry)
    for name, inner in group.groups.items():
        yield from _below(f"{path}{name} ", inner)


def _described(whole: str, name: str, entry: Entry) -> Described:
    from typer._click import Context

    command = load(name, entry)
    return Described(whole, entry.help, command, Context(command, info_name=f"mlp {whole}"))


def page() -> str:
    """Return docs/cli.md."""
    every = list(commands())
    blocks = [_HEAD, _overview(every), *(_section(each) for each in every), _shared(every[0]), _settings()]
    return "\n".join(blocks)


def _overview(every: list[Described]) -> str:
    lines = [f"| [`mlp {each.name}`](#mlp-{each.name.replace(' ', '-')}) | {each.line} |" for each in every]
    return "\n".join(["| Command | |", "| --- | --- |", *lines, ""])


def _section(each: Described) -> str:
    usage = " ".join(["mlp", each.name, *each.command.collect_usage_pieces(each.context)])
    lines = [f"## mlp {each.name}", "", *_prose(each.command.help or ""), "", "```text", usage, "```", ""]
    own = [param for param in each.parameters if getattr(param, "rich_help_panel", None) != SHARED_PANEL]
    records = _records(each, own)
    return "\n".join([*lines, *records, ""]) if records else "\n".join(lines)


def _prose(text: str) -> Iterator[str]:
    """Give the help's paragraphs; what is to keep its lines stands behind \\b there, and in a fence here."""
    for block in text.split("\n\n"):
        kept, _, words = block.rpartition("\b")
        if "\b" in block:
            if kept.strip():
                yield kept.strip()
            yield from ("```console", *(line.strip() for line in words.strip("\n").split("\n")), "```", "")
        else:
            yield from (*block.strip().split("\n"), "")


def _records(each: Described, parameters: list[Parameter]) -> list[str]:
    records = [param.get_help_record(each.context) for param in parameters]
    rows = [f"| `{_cell(names)}` | {_cell(text)} |" for names, text in filter(None, records) if names != "-h, --help"]
    return ["| | |", "| --- | --- |", *rows] if rows else []


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _shared(each: Described) -> str:
    shared = [param for param in each.parameters if param.name in _SHARED]
    return "\n".join(["## Options of every command", "", *_records(each, shared), ""])


def _settings() -> str:
    rows = [f"| `{key.name}` | `{key.variable}` | {key.help} |" for key in KEYS]
    words = (
        "`mlp config view --show-origin` shows each with where it comes from: flags win over the environment, and\n"
        "that over the file, `config.toml` in your configuration folder or where `MLP_CONFIG` says. `NO_COLOR` and\n"
        "`TERM=dumb` take colour and motion away, `MLP_ACCESSIBLE=1` symbols too."
    )
    return "\n".join(["## Settings", "", words, "", "| In the file | Variable | |", "| --- | --- | --- |", *rows, ""])


def words() -> str:
    """Return the table that completion reads."""
    every = list(commands())
    shared = {str(param.name): _option(every[0], param) for param in every[0].parameters if param.name in _SHARED}
    table: dict[str, Any] = {"*": list(shared.values()), "": _listing(ROOT, GROUPS)}
    for name, group in _groups("", GROUPS):
        table[name] = _listing(group.entries, group.groups)
    for each in every:
        table[each.name] = _entry(each, shared)
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in table.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _entry(each: Described, shared: Mapping[str, Any]) -> dict[str, Any]:
    arguments = [param for param in each.parameters if param.param_type_name == "argument"]
    options = [_option(each, param) for param in each.parameters if param.param_type_name == "option"]
    return {
        "arguments": 1_000 if any(param.nargs == -1 for param in arguments) else len(arguments),
        "options": [option for option in options if option not in shared.values()],
        "without": [option["names"][-1] for option in shared.values() if option not in options],
    }


def _groups(path: str, groups: Mapping[str, Group]) -> Iterator[tuple[str, Group]]:
    for name, group in groups.items():
        yield f"{path}{name}", group
        yield from _groups(f"{path}{name} ", group.groups)


def _listing(entries: Mapping[str, Entry], groups: Mapping[str, Group]) -> dict[str, Any]:
    lines = {name: each.help for name, each in entries.items()}
    return {"commands": lines | {name: each.help for name, each in groups.items()}}


def _option(each: Described, param: Any) -> dict[str, Any]:
    record = param.get_help_record(each.context)
    annotation = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    choices = annotation if isinstance(annotation, type) and issubclass(annotation, Enum) else ()
    return {
        "names": [*param.opts, *param.secondary_opts],
        "metavar": None if param.is_flag else param.metavar or "VALUE",
        "choices": [str(member.value) for member in choices],
        "repeats": bool(param.multiple),
        "help": "" if record is None else " ".join(record[1].split()),
    }


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    WORDS.write_text(words(), encoding="utf-8")
