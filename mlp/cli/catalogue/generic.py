"""What a failure is called when the catalogue has no better entry: by the class of the error."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

GENERIC: Mapping[str, Known] = {
    "MlpError": Known(
        "MLP9001",
        "Failed",
        "It was tried and ended badly.",
        "run it again with --debug",
    ),
    "Invalid": Known(
        "MLP9002",
        "Invalid",
        "What was given is wrong.",
        "correct what the message names",
    ),
    "TooLarge": Known(
        "MLP9003",
        "Too large",
        "What was given exceeds a limit.",
        "send less at once",
    ),
    "Unsupported": Known(
        "MLP9004",
        "Not supported",
        "It is of a kind that is not handled.",
        "see the documentation",
    ),
    "NotFound": Known(
        "MLP9005",
        "Not found",
        "It does not exist.",
        "mlp status; mlp model ls",
    ),
    "Conflict": Known(
        "MLP9006",
        "Conflict",
        "Something of that name exists, or changed meanwhile.",
        "look again",
    ),
    "Denied": Known(
        "MLP9007",
        "Not allowed",
        "The token is missing or lacks the scope.",
        "set MLP_REGISTRY_TOKEN_FILE",
    ),
    "Precondition": Known(
        "MLP9008",
        "Not ready for it",
        "Something has to be done first.",
        "see the message",
    ),
    "Refused": Known(
        "MLP9009",
        "Not confirmed",
        "A person has to agree first.",
        "add --yes if you mean it",
    ),
    "Unproved": Known(
        "MLP9010",
        "Not proved",
        "Answers differ from the original's.",
        "see the message",
    ),
    "Unavailable": Known(
        "MLP9011",
        "Unavailable",
        "A part that is needed does not answer now.",
        "try again; mlp status",
    ),
    "DeadlineExceeded": Known(
        "MLP9012",
        "Not in time",
        "It did not happen within the time allowed.",
        "mlp status; a longer --timeout",
    ),
    "Failed": Known(
        "MLP9013",
        "Failed",
        "It was tried and ended badly.",
        "mlp status; mlp logs NAME",
    ),
}
