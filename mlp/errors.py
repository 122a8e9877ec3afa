"""What can go wrong, in the platform's own words.

    MlpError
    ├── Invalid         what was given is wrong: a name, a row, a file
    │   ├── TooLarge        … it exceeds a limit
    │   └── Unsupported     … it is of a kind that is not handled: a format, an operator, an estimator
    ├── NotFound        it does not exist
    ├── Conflict        it exists already, or another writer came first
    ├── Denied          the caller may not do this
    ├── Precondition    this machine or this state is not ready for it: a missing package, a taken port
    ├── Refused         a person has to agree first, and nobody did
    ├── Unproved        answers differ from those of the original model
    ├── Failed          it was tried and ended badly: a process died, a deployment degraded
    ├── Unavailable     a part that is needed does not answer now; trying again may help
    └── DeadlineExceeded  it did not happen in time

The class says which kind of failure it is, `code` says which one (`model_not_found`), in a word that never changes.
HTTP statuses belong to `registry/handlers.py` and `inference/handlers.py`, exit codes to `cli/failures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class MlpError(Exception):
    """A failure with a meaning.

    `code` is the stable word for it, `message` one sentence for a person, `details` facts that a program may read
    (row and column of a bad value, the worst rows of a comparison). None of them ever holds a secret.
    """

    default_code: ClassVar[str] = "failed"

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.details: Mapping[str, object] = details or {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code}: {self.message})"


class Invalid(MlpError):
    """What was given is wrong."""

    default_code = "invalid"


class TooLarge(Invalid):
    """What was given exceeds a limit."""

    default_code = "payload_too_large"


class Unsupported(Invalid):
    """What was given is of a kind that is not handled."""

    default_code = "unsupported"


class NotFound(MlpError):
    """It does not exist."""

    default_code = "not_found"


class Conflict(MlpError):
    """It exists already, or another writer came first."""

    default_code = "conflict"


class Denied(MlpError):
    """The caller may not do this."""

    default_code = "denied"


class Precondition(MlpError):
    """This machine, or the state of things, is not ready for it."""

    default_code = "precondition_failed"


class Refused(MlpError):
    """A person has to agree first, and nobody did."""

    default_code = "confirmation_required"


class Unproved(MlpError):
    """Answers differ from those of the original model by more than the tolerance."""

    default_code = "unproved"


class Failed(MlpError):
    """It was tried and ended badly."""

    default_code = "failed"


class Unavailable(MlpError):
    """A part that is needed does not answer now."""

    default_code = "unavailable"


class DeadlineExceeded(MlpError):
    """It did not happen in time."""

    default_code = "deadline_exceeded"
