"""What is written of each running process, so that the next agent finds those that this one leaves behind."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from mlp.api.wire import Wire
from mlp.local.documents import write_document
from mlp.local.identity import birth_of

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.02


class ProcessRecord(Wire):
    """A process that an agent started."""

    name: str
    """`registry` or a deployment."""
    pid: int
    birth: str

    def lives(self) -> bool:
        """Whether that very process still runs."""
        return birth_of(self.pid) == self.birth

    def send(self, number: signal.Signals) -> None:
        """Signal the process and its group, unless it has ended."""
        if self.lives():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)


@dataclass(frozen=True)
class Slot:
    """The files of one process."""

    record: Path
    termination: Path
    """Where the process says why it could not start."""

    @classmethod
    def new(cls, folder: Path, name: str) -> Slot:
        """Return a slot in `folder` that no other process has."""
        stem = f"{name}.{secrets.token_hex(4)}"
        return cls(folder / f"{stem}.json", folder / f"{stem}.termination")

    def read(self) -> ProcessRecord | None:
        """Return the process that took the slot, if a record says so."""
        try:
            return ProcessRecord.model_validate_json(self.record.read_bytes())
        except (OSError, ValidationError):
            return None

    def write(self, name: str, pid: int) -> None:
        """Record the process that took the slot; one that has ended already needs no record."""
        birth = birth_of(pid)
        if birth is not None:
            write_document(self.record, ProcessRecord(name=name, pid=pid, birth=birth))

    def clear(self) -> None:
        """Forget the process."""
        self.record.unlink(missing_ok=True)
        self.termination.unlink(missing_ok=True)


def end_left_behind(folder: Path, patience: float) -> None:
    """End every recorded process, gently for `patience` seconds, then by force, and forget them."""
    slots = [Slot(path, path.with_suffix(".termination")) for path in folder.glob("*.json")]
    recorded = {slot: record for slot in slots if (record := slot.read()) is not None}
    found = [record for record in recorded.values() if record.lives()]
    for record in found:
        _log.info("ending %s, left behind by an earlier agent", record.name, extra={"pid": record.pid})
        record.send(signal.SIGTERM)
    if not _wait(found, patience):
        for record in found:
            record.send(signal.SIGKILL)
        _wait(found, patience)
    for slot, record in recorded.items():
        if not record.lives():
            slot.clear()


def _wait(records: list[ProcessRecord], patience: float) -> bool:
    """Wait until none of the processes runs; return whether that came true in time."""
    give_up = time.monotonic() + patience
    while any(record.lives() for record in records):
        if time.monotonic() > give_up:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
