"""Failures of the command line itself."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

COMMAND_LINE: Mapping[str, Known] = {
    "internal": Known(
        "MLP0001",
        "A fault in mlp",
        "mlp met a situation that it does not know.",
        "run the command again with --debug, and report what it prints",
    ),
    "invalid_option": Known(
        "MLP0002",
        "An option's value is wrong",
        "The value has another form than expected.",
        "see --help",
    ),
    "file_not_found": Known(
        "MLP0003",
        "A file does not exist",
        "The path names no file.",
        "check the path: it is relative to where you are",
    ),
    "unknown_code": Known(
        "MLP0004",
        "No such code",
        "The catalogue has no entry of that code.",
        "mlp explain lists them all",
    ),
    "unknown_target": Known(
        "MLP0005",
        "Not a target",
        "A target is local or kubernetes.",
        "use --target local, or unset MLP_TARGET",
    ),
    "output_full": Known(
        "MLP0006",
        "The output cannot be written",
        "The disk that stdout goes to is full.",
        "make room, or send the output elsewhere",
    ),
    "confirmation_required": Known(
        "MLP0007",
        "Nobody could be asked",
        "The command destroys something, and there is no terminal to confirm it at.",
        "add --yes if you mean it",
    ),
    "declined": Known(
        "MLP0008",
        "Not confirmed",
        "The answer to the question was no.",
        "run it again and answer y",
    ),
    "file_exists": Known(
        "MLP0009",
        "The file exists already",
        "A secret and a bundle go to a new file only, whose mode nobody else chose.",
        "name another file, or remove that one first",
    ),
    "file_unwritable": Known(
        "MLP0010",
        "The file cannot be written",
        "Its folder is missing, or not yours to write to.",
        "name a file in a folder of yours",
    ),
    "usage": Known(
        "MLP0011",
        "The arguments are wrong",
        "A command, an option or an argument is unknown, missing or has a wrong value.",
        "see --help of the command that the message names",
    ),
    "unknown_field": Known(
        "MLP0012",
        "No such field",
        "The data has no field of that name.",
        "name fields that the message lists, or see all with -o json",
    ),
    "no_names": Known(
        "MLP0013",
        "Nothing that has a name",
        "-o name prints names, and this command's data has none.",
        "use -o json, or leave -o out",
    ),
    "config_unreadable": Known(
        "MLP0014",
        "The configuration file cannot be read",
        "It is not TOML, or a key has a value of a wrong kind.",
        "correct the line that the message names; mlp config view --show-origin says which file it is",
    ),
    "unknown_setting": Known(
        "MLP0015",
        "No such setting",
        "The configuration file has no key of that name.",
        "mlp config view lists them",
    ),
    "output_closed": Known(
        "MLP0016",
        "Nothing can be written to stdout",
        "Whoever started the command closed stdout, or opened it for reading alone.",
        "leave stdout open, or send it to a file or to /dev/null",
    ),
}
