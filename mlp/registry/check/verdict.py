"""What a judgement says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from mlp.errors import Invalid, MlpError, Unproved, Unsupported

_KINDS: Mapping[str, type[MlpError]] = {"unsupported_format": Unsupported, "golden_rows_failed": Unproved}


@dataclass(frozen=True)
class Verdict:
    """A model is accepted, or refused with a stable code, a sentence and facts that a program may read."""

    ok: bool
    code: str = ""
    message: str = ""
    details: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def refusal(cls, error: MlpError) -> Verdict:
        """Return the verdict that `error` amounts to."""
        return cls(False, error.code, error.message, error.details)

    @property
    def error(self) -> MlpError | None:
        """The refusal as an error, or None for an accepted model."""
        if self.ok:
            return None
        return _KINDS.get(self.code, Invalid)(self.message, code=self.code, details=self.details)

    def to_json(self) -> str:
        """Return the verdict as one line of JSON."""
        return json.dumps(asdict(self) if not self.ok else {"ok": True}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Verdict:
        """Read what `to_json` wrote. Raises ValueError for anything else."""
        document = json.loads(text)
        if not isinstance(document, dict) or not isinstance(document.get("ok"), bool):
            raise ValueError("not a verdict")
        return cls(**document)


ACCEPTED = Verdict(True)
