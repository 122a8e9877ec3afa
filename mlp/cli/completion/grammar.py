"""What the word at the cursor may be: pure, by the table of all commands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WORDS = Path(__file__).with_name("words.json")

_DEPLOYMENTS = ("status", "wait", "history", "rollback", "why", "predict", "undeploy")
_VERSIONS = ("model show", "model diff", "model pull", "model archive", "model unarchive", "model rm")
ARGUMENTS: Mapping[str, str] = {
    **dict.fromkeys(_DEPLOYMENTS, "deployment"),
    **dict.fromkeys(_VERSIONS, "version"),
    **dict.fromkeys(("context use", "context allow"), "context"),
    **dict.fromkeys(("model alias set", "model alias rm", "model alias history"), "alias"),
    **dict.fromkeys(("model ls", "model alias ls"), "model"),
    **dict.fromkeys(("model push", "dev"), "file"),
    "logs": "log",
    "deploy": "deployable",
    "explain": "code",
    "config set": "setting",
    "completion": "shell",
}
"""What a command's arguments name."""
OPTIONS: Mapping[str, str] = {
    "--target": "target",
    "--context": "context",
    "--model": "model",
    "--version": "version_of",
    "--input": "feature",
    "--color": "color",
}
"""What an option's value names; FILE is a path whatever the option."""


@dataclass(frozen=True)
class Wanted:
    """The kinds of words that fit at the cursor, and what has been typed that they depend on."""

    kind: str
    """`command`, `option`, `choice`, or one of the kinds above."""
    prefix: str
    """What of the word stands there already."""
    command: str = ""
    stem: str = ""
    """What stands before the prefix in the same word, as in `--target=`."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Fixed words and what they mean."""
    arguments: Sequence[str] = ()
    given: Sequence[str] = ()
    """The values of the same option that were given before."""


def read_words(path: Path = WORDS) -> dict[str, Any]:
    """Return the table: groups and commands by their whole name, with their arguments and options."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def wanted(table: Mapping[str, Any], words: Sequence[str]) -> Wanted | None:
    """Return what fits as the last of `words`, which follow the program's name; None where nothing is known."""
    *before, current = words or [""]
    path: list[str] = []
    while before and " ".join([*path, before[0]]) in table:
        path.append(before.pop(0))
    command = " ".join(path)
    entry = table[command]
    if "commands" in entry:
        return Wanted("command", current, command, words=entry["commands"]) if not before else None
    shared = [option for option in table["*"] if option["names"][-1] not in entry["without"]]
    return _in_command({**entry, "options": [*entry["options"], *shared]}, command, before, current)


def _in_command(entry: Mapping[str, Any], command: str, before: Sequence[str], current: str) -> Wanted | None:
    options: Mapping[str, Any] = {name: option for option in entry["options"] for name in option["names"]}
    arguments, given, open_option = _typed(options, before)
    if open_option is not None:
        return _value(open_option, command, current, "", arguments, given)
    name, equals, value = current.partition("=")
    if current.startswith("--") and equals and name in options:
        return _value(options[name], command, value, f"{name}=", arguments, given)
    if current.startswith("-"):
        used = {word for word in before if word.startswith("-")}
        free = [each for each in entry["options"] if each["repeats"] or not used & set(each["names"])]
        return Wanted("option", current, command, words={each["names"][-1]: each["help"] for each in free})
    if len(arguments) >= entry["arguments"]:
        return None
    kind = ARGUMENTS.get(command)
    return None if kind is None else Wanted(kind, current, command, arguments=arguments)


def _typed(
    options: Mapping[str, Any], before: Sequence[str]
) -> tuple[list[str], dict[str, list[str]], Mapping[str, Any] | None]:
    """Return arguments, values by option, and the option whose value is still to come."""
    arguments: list[str] = []
    given: dict[str, list[str]] = {}
    option: Mapping[str, Any] | None = None
    for word in before:
        if option is not None:
            given.setdefault(option["names"][-1], []).append(word)
            option = None
        elif word in options:
            option = options[word] if options[word]["metavar"] else None
        elif not word.startswith("-"):
            arguments.append(word)
    return arguments, given, option


def _value(
    option: Mapping[str, Any],
    command: str,
    prefix: str,
    stem: str,
    arguments: Sequence[str],
    given: Mapping[str, Sequence[str]],
) -> Wanted | None:
    name = option["names"][-1]
    if option["choices"]:
        return Wanted("choice", prefix, command, stem, dict.fromkeys(option["choices"], ""))
    kind = "file" if option["metavar"] == "FILE" else OPTIONS.get(name)
    if kind is None:
        return None
    if kind == "version_of":  # of the model that --model names, or of the deployment
        arguments = [*given.get("--model", ()), *arguments]
    return Wanted(kind, prefix, command, stem, arguments=arguments, given=given.get(name, ()))
