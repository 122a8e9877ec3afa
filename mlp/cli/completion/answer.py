"""The words that a shell is told."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlp.cli.completion.grammar import Wanted, read_words, wanted

if TYPE_CHECKING:
    from mlp.cli.completion.names import Place

    Ask = Callable[[], Place]
    """Finds out where names are asked for; only words that need it pay for it."""

_FILES = ":files"
"""Told instead of words where the shell knows best: names of files."""
_MOST_VERSIONS = 50
_BASH_BREAKS = re.compile(r".*[=:@]")


def answer(arguments: Sequence[str]) -> None:
    """Print what fits: a word a line, with a tab before what it means. Nothing that fails is told."""
    try:
        shell, *words = arguments
        lines = _for_bash(*words) if shell == "bash" else _with_meanings(complete(words[1:], os.environ))
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    except Exception:  # noqa: BLE001, S110 - a shell that is asked for words must never show anything else
        pass


def _split(line: str) -> list[str]:
    """Return the words of a line that ends at the cursor; the last one may be empty or unfinished."""
    for ending in ("", "'", '"'):
        try:
            words = shlex.split(line + ending)
        except ValueError:
            continue
        return [*words, ""] if not ending and line[-1:].isspace() else words
    return line.split(" ")


def _with_meanings(found: Mapping[str, str]) -> list[str]:
    return [f"{word}\t{means}" for word, means in found.items()]


def _for_bash(line: str, replaced: str | None = None) -> list[str]:
    """Return the words that fit at the end of a line, without what bash leaves as it is.

    It replaces the part `replaced` alone: what follows a `:` or `=`, or begins with an `@`.
    """
    words = _split(line)
    found, current = complete(words[1:], os.environ), words[-1]
    broken = _BASH_BREAKS.match(current)
    begin = len(broken[0]) if broken is not None else 0
    if replaced is not None and current.endswith(replaced):
        begin = len(current) - len(replaced)
    return [word if word == _FILES else word[begin:] for word in found]


def complete(words: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the words that fit as the last of `words`, and what each means."""
    want = wanted(read_words(), words)
    if want is None:
        return {}
    if want.kind == "file":
        return {_FILES: ""}
    known = want.words or _KINDS.get(want.kind, _nothing)(want, partial(_place, words, environment))
    return {f"{want.stem}{word}": means for word, means in known.items() if word.startswith(want.prefix)}


def _place(words: Sequence[str], environment: Mapping[str, str]) -> Place:
    from mlp.cli.completion.names import Place
    from mlp.cli.configuration import Configuration, configuration_path
    from mlp.cli.settings import Settings

    settings = Settings.read(environment, Configuration.read(configuration_path(environment)))
    cache = environment.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(cache).expanduser() / "mlp" / "completion"
    return Place.of(settings, _option(words, "--context"), _option(words, "-n", "--namespace"), folder)


def _option(words: Sequence[str], *option: str) -> str | None:
    return next((value for name, value in pairwise(words) if name in option), None)


def _names(place: Ask) -> dict[str, Any]:
    from mlp.cli.completion.names import names

    return names(place())


def _nothing(_want: Wanted, _place: Ask) -> dict[str, str]:
    return {}


def _fixed(*words: str) -> Any:
    return lambda _want, _place: dict.fromkeys(words, "")


def _deployments(_want: Wanted, place: Ask) -> dict[str, str]:
    found = _names(place).get("deployments", {})
    return {name: f"{each['model']}:{each['version']}" for name, each in found.items()}


def _logs(want: Wanted, place: Ask) -> dict[str, str]:
    parts = ("registry", "agent", "operator", "postgresql", "minio")
    return {**_deployments(want, place), **dict.fromkeys(parts, "a part of the platform")}


def _models(_want: Wanted, place: Ask) -> dict[str, str]:
    found = _names(place).get("models", {})
    return {name: f"latest {each['latest']}" for name, each in found.items()}


def _versions(want: Wanted, place: Ask) -> dict[str, str]:
    """Offer models; behind `iris:` its versions, behind `iris@` its aliases."""
    found = _names(place).get("models", {})
    name, separator, _ = want.prefix.replace("@", ":").partition(":")
    if not separator or name not in found:
        return _models(want, place)
    model = found[name]
    if "@" in want.prefix:
        return {f"{name}@{alias}": f"version {number}" for alias, number in model["aliases"].items()}
    return {f"{name}:{number}": "" for number in _numbers(model)}


def _aliases(_want: Wanted, place: Ask) -> dict[str, str]:
    found = _names(place).get("models", {})
    pairs = {
        f"{name}@{alias}": f"version {at}" for name, each in found.items() for alias, at in each["aliases"].items()
    }
    return pairs or {f"{name}@": "" for name in found}


def _deployable(want: Wanted, place: Ask) -> dict[str, str]:
    if "@" in want.prefix or ":" in want.prefix:
        return _versions(want, place)
    return {**_models(want, place), **_deployments(want, place)}


def _versions_of(want: Wanted, place: Ask) -> dict[str, str]:
    found = _names(place)
    for name in want.arguments:
        model = found.get("models", {}).get(found.get("deployments", {}).get(name, {}).get("model", name))
        if model is not None:
            aliases = {alias: f"version {number}" for alias, number in model["aliases"].items()}
            return {**{str(number): "" for number in _numbers(model)}, **aliases}
    return {}


def _numbers(model: Mapping[str, Any]) -> range:
    latest = model["latest"] or 0
    return range(latest, max(0, latest - _MOST_VERSIONS), -1)


def _features(want: Wanted, place: Ask) -> dict[str, str]:
    if not want.arguments or "=" in want.prefix:
        return {}
    given = {text.partition("=")[0] for text in want.given}
    from mlp.cli.completion.names import features

    found = features(place(), want.arguments[0])
    return {f"{name}=": type_ for name, type_ in found.items() if name not in given}


def _contexts(_want: Wanted, _place: Ask) -> dict[str, str]:
    """Read the names of contexts from the kubeconfig's text: its whole meaning would need a library."""
    files = (os.environ.get("KUBECONFIG") or "~/.kube/config").split(os.pathsep)
    texts = [path.read_text() for path in (Path(file).expanduser() for file in files) if path.is_file()]
    blocks = [re.search(r"^\s*\"?contexts\"?:(.*?)(?=^[^\s-]|\Z)", text, re.DOTALL | re.MULTILINE) for text in texts]
    found = [re.findall(r"^\s*(?:- )?name: *[\"']?([^\s\"']+)", block[1], re.MULTILINE) for block in blocks if block]
    return dict.fromkeys((name for names in found for name in names), "")


def _codes(_want: Wanted, _place: Ask) -> dict[str, str]:
    from mlp.cli.catalogue import GENERIC, KNOWN

    return {entry.code: entry.title for entry in (*KNOWN.values(), *GENERIC.values())}


def _settings(_want: Wanted, _place: Ask) -> dict[str, str]:
    from mlp.cli.settings import KEYS

    return {key.name: key.help for key in KEYS}


_KINDS: Mapping[str, Any] = {
    "deployment": _deployments,
    "deployable": _deployable,
    "log": _logs,
    "model": _models,
    "version": _versions,
    "version_of": _versions_of,
    "alias": _aliases,
    "feature": _features,
    "context": _contexts,
    "code": _codes,
    "setting": _settings,
    "shell": _fixed("bash", "zsh", "fish"),
    "target": _fixed("local", "kubernetes"),
    "color": _fixed("auto", "always", "never"),
}
