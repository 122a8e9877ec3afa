"""What an earlier agent left behind: processes that still run, of which this one takes over what it can."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mlp.client.marked import can_be_found, slot_name
from mlp.local.records import ProcessRecord, Slot

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Left:
    """A process that still runs."""

    slot: Slot
    record: ProcessRecord
    is_damaged: bool = False
    """Whether its record cannot be read, or is gone: it was found by what it carries."""


def left_behind(folder: Path, name: str | None = None) -> list[Left]:
    """Return the processes (of that name) that an agent left in `folder` and that still run; forget those that do not.

    Files that are no records, and records that were written in another folder (this one may be a copy of it), are
    left alone.
    """
    found = []
    for slot in Slot.all(folder):
        if name is not None and slot_name(slot.record.name) != name:
            continue
        is_damaged, record = slot.is_damaged(), slot.read()
        if is_damaged:
            words = {"file": str(slot.record), "pid": None if record is None else record.pid}
            _log.warning("the record of a process cannot be read", extra=words)
        if record is not None and record.lives():
            found.append(Left(slot, record, is_damaged))
        elif record is not None or (is_damaged and can_be_found()):
            slot.clear()
    return found


def end(processes: Iterable[Left], patience: float) -> None:
    """End processes, gently for `patience` seconds, then by force, and forget them."""
    found = list(processes)
    for left in found:
        _log.info("ending %s, left behind by an earlier agent", left.record.name, extra={"pid": left.record.pid})
        left.record.send(signal.SIGTERM)
    if not _wait(found, patience):
        for left in found:
            left.record.send(signal.SIGKILL)
        _wait(found, patience)
    for left in found:
        if not left.record.lives():
            left.slot.clear()


def _wait(processes: Iterable[Left], patience: float) -> bool:
    """Wait until none of the processes runs; return whether that came true in time."""
    give_up = time.monotonic() + patience
    while any(left.record.lives() for left in processes):
        if time.monotonic() > give_up:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
