"""What is written of each process, so that the next agent knows those that this one leaves behind."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, ValidationError

from mlp import __version__
from mlp.api.wire import Answer
from mlp.client.marked import MARK, marked, slot_name
from mlp.local.documents import write_document
from mlp.local.identity import birth_of, place_of, signal_group

HOLDER = "socket_holder"
"""The name of the process that holds the sockets; no deployment can have it."""


class ProcessRecord(Answer):
    """A process that an agent starts, or has started."""

    name: str
    """`registry`, HOLDER or a deployment."""
    folder: str
    """The identity of the folder in which the record was written; in a copy of that folder it means nothing."""
    program: str = __version__
    """The version of mlp that started it."""
    pid: int | None = None
    """None until it was started; a record may stay so where the agent was killed at that moment."""
    birth: str | None = None
    started_at: datetime | None = None
    uid: str | None = None
    """The deployment's uid: another one of the same name is not this one."""
    port: int | None = None
    revision: int = 0
    """The model's version."""
    generation: int = 1
    restarts: int = 0
    """How often what it serves was started before."""
    is_draining: bool = False
    """It was told to end."""

    @classmethod
    def planned(cls, folder: Path, name: str) -> Self:
        """Return the record of a process that is about to be started."""
        return cls(name=name, folder=place_of(folder))

    def started(self, pid: int) -> Self:
        """Return the record of the same process once it runs."""
        return self.model_copy(update={"pid": pid, "birth": birth_of(pid), "started_at": datetime.now(UTC)})

    def lives(self) -> bool:
        """Whether that very process still runs."""
        return self.pid is not None and self.birth is not None and birth_of(self.pid) == self.birth

    def send(self, number: signal.Signals) -> None:
        """Signal the process and its group, unless it has ended."""
        if self.pid is not None and self.lives():
            signal_group(self.pid, number)


class Termination(Answer):
    """Why a process could not start, in its own words."""

    reason: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z]*$")]
    message: str = ""


class Readiness(Answer):
    """The line that says that a process is ready."""

    state: Literal["ready"]
    digest: str | None = None


@dataclass(frozen=True)
class Slot:
    """The files of one process."""

    MARK: ClassVar[str] = MARK
    """The variable in a process's environment that tells whose it is, even where the record has no number yet."""

    record: Path
    termination: Path
    """Where the process says why it could not start."""
    ready: Path
    """Where it says that it is ready. A file and no pipe: what was said there is read by every later agent."""

    @classmethod
    def new(cls, folder: Path, name: str) -> Slot:
        """Return a slot in `folder` that no other process has."""
        return cls.at(folder / f"{name}.{secrets.token_hex(4)}.json")

    @classmethod
    def at(cls, record: Path) -> Slot:
        """Return the slot whose record is that file."""
        return cls(record, record.with_suffix(".termination"), record.with_suffix(".ready"))

    @classmethod
    def all(cls, folder: Path) -> Iterator[Slot]:
        """Yield the slots in a folder, also those of processes whose record is gone; not each file is a record."""
        unrecorded = (folder / f"{each.slot}.json" for each in marked(folder.parent))
        return map(cls.at, sorted({*folder.glob("*.json"), *unrecorded}))

    def read(self) -> ProcessRecord | None:
        """Return the process that has the slot, if a record of this very folder says so.

        Of one that was started and not yet recorded as such the number is found by the mark in its environment; of one
        whose record cannot be read that is all there is, and its name.
        """
        record = self._recorded()
        if record is None:
            return self._found(self.planned()) if self.is_damaged() else None
        if record.folder != place_of(self.record.parent):
            return None
        return record if record.pid is not None else self._found(record) or record

    def is_damaged(self) -> bool:
        """Whether the record is one of an agent's, and cannot be read; also where it is gone and its process is not."""
        return slot_name(self.record.name) is not None and self._recorded() is None

    def planned(self) -> ProcessRecord | None:
        """Return what the name of the slot tells of its process."""
        name = slot_name(self.record.name)
        return None if name is None else ProcessRecord.planned(self.record.parent, name)

    def _recorded(self) -> ProcessRecord | None:
        with suppress(OSError, ValidationError):
            return ProcessRecord.model_validate_json(self.record.read_bytes())
        return None

    def _found(self, record: ProcessRecord | None) -> ProcessRecord | None:
        own = (each for each in marked(self.record.parent.parent) if each.slot == self.record.stem)
        found = next(own, None)
        return None if found is None or record is None else record.started(found.pid)

    def write(self, record: ProcessRecord) -> None:
        """Record a process. It needs to survive this agent, not the machine, so nothing waits for the disk."""
        write_document(self.record, record, durable=False)

    def said_ready(self) -> tuple[Readiness, float] | None:
        """Return what the process said when it became ready and when (seconds of the wall clock), if it did."""
        with suppress(OSError, ValidationError):
            return Readiness.model_validate_json(self.ready.read_bytes()), self.ready.stat().st_mtime
        return None

    def said_last(self) -> Termination | None:
        """Return why the process could not start, if it said so."""
        with suppress(OSError, ValidationError):
            return Termination.model_validate_json(self.termination.read_bytes())
        return None

    def clear(self) -> None:
        """Forget the process."""
        for path in (self.record, self.termination, self.ready):
            path.unlink(missing_ok=True)
