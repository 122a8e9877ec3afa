"""The listening sockets of this machine's deployments, which outlive the agent in a process that holds them.

A model process has the socket that it was started on, but nobody can get it back from there. So a copy of each lies
with the holder (`holder.py`), and the next agent takes it from there: no caller is refused in between.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Container
from contextlib import suppress
from pathlib import Path

from mlp.client.home import Home
from mlp.local import holder
from mlp.local.documents import guarded_socket
from mlp.local.handle import Adopted, Handle, Started
from mlp.local.ports import listen
from mlp.local.records import HOLDER, ProcessRecord, Slot

_log = logging.getLogger(__name__)
_ALL_PORTS_BYTES = 6 * 65_536


class Sockets:
    """Listens on ports, and keeps a copy of each socket with the holder.

    A holder that has died is replaced by `mend`; one that does not answer costs no caller anything, only that the next
    agent has to begin anew on that port.
    """

    def __init__(self, home: Home, changed: Callable[[], None]) -> None:
        """`changed` is called when a holder has ended that an earlier agent started; then `mend` is due."""
        self._home = home
        self._changed = changed
        self._handle: Handle | None = None
        self._slot: Slot | None = None
        self._own: dict[int, socket.socket] = {}

    def open(self) -> None:
        """Find the holder that an earlier agent left, or start one."""
        for slot in Slot.all(self._home.run):
            record = slot.read()
            if record is not None and record.name == HOLDER and record.pid is not None and record.birth is not None:
                with suppress(ProcessLookupError, OSError):
                    self._handle, self._slot = Adopted(record.pid, record.birth, self._changed), slot
                    slot.write(record)  # it may have been found though its record was damaged
        self.mend()

    def listen(self, port: int) -> socket.socket:
        """Return a socket that listens on `port`: the holder's, or a new one. Raises as `ports.listen`."""
        listener = self._taken(port)
        if listener is None:
            listener = listen(port)
            self._keep(port, listener)
        self._own[port] = listener
        return listener

    def holds(self, port: int) -> bool:
        """Whether the holder has a socket for the port, so that it can be listened on whoever else does so."""
        listener = self._taken(port)
        if listener is None:
            return False
        listener.close()
        return True

    def close(self, port: int) -> None:
        """Listen on `port` no more, here and at the holder."""
        self._own.pop(port).close()
        self._ask(f"drop {port}")

    def forget_all_but(self, ports: Container[int]) -> None:
        """Drop what the holder has for ports that nobody owns any more."""
        answer, _ = self._ask("list", longest=_ALL_PORTS_BYTES)
        for word in answer.split():
            if word.isdigit() and int(word) not in ports:
                self._ask(f"drop {int(word)}")

    def mend(self) -> None:
        """Start a holder where none lives, and give it every socket."""
        if self._handle is not None and not self._handle.ended():
            return
        if self._slot is not None:
            self._slot.clear()
        try:
            self._start()
        except OSError as error:
            self._handle = self._slot = None
            _log.warning("sockets cannot be kept for the next agent", extra={"why": str(error)})
            return
        for port, listener in self._own.items():
            self._keep(port, listener)

    def end(self) -> None:
        """End the holder: nothing is left to be held."""
        if self._handle is not None:
            self._handle.kill()  # it has nothing to finish
        if self._slot is not None:
            self._slot.clear()
        self._home.holder_socket.unlink(missing_ok=True)
        self._handle = self._slot = None

    def _start(self) -> None:
        slot = Slot.new(self._home.run, HOLDER)
        record = ProcessRecord.planned(self._home.run, HOLDER)
        slot.write(record)
        with guarded_socket(self._home.holder_socket) as listener:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(holder.__file__)), str(listener.fileno())],
                cwd=self._home.root,
                env={slot.MARK: str(slot.termination)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(listener.fileno(),),
                start_new_session=True,
            )
        self._handle, self._slot = Started(process), slot
        slot.write(record.started(process.pid))

    def _taken(self, port: int) -> socket.socket | None:
        _, found = self._ask(f"take {port}")
        if found is None:
            return None
        with suppress(OSError):
            if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and found.getsockname()[1] == port:
                return found
        found.close()
        return None

    def _keep(self, port: int, listener: socket.socket) -> None:
        answer, _ = self._ask(f"keep {port}", listener)
        if answer != holder.DONE:
            _log.warning("a socket cannot be kept for the next agent", extra={"port": port})

    def _ask(
        self, line: str, given: socket.socket | None = None, longest: int = 64
    ) -> tuple[bytes, socket.socket | None]:
        """Say a line to the holder; return its answer, empty where there is none, and the socket that came with it."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(holder.PATIENCE_SECONDS)
            try:
                connection.connect(os.fspath(self._home.holder_socket))
                descriptors = [given.fileno()] if given is not None else []
                socket.send_fds(connection, [line.encode()], descriptors)
                answer, found, _, _ = socket.recv_fds(connection, longest, 1)
            except OSError:
                return b"", None
        return answer, socket.socket(fileno=found[0]) if found else None
