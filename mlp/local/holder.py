"""Holds listening sockets while agents come and go; a process that does nothing else.

It is started by its path, without mlp and without site packages (`python -I -S holder.py FD`), which makes it small
and leaves it little to fail by. FD is a listening unix socket. Each connection is one request of one line: `keep PORT`
(with the socket), `take PORT` (answered with a copy of it, or without one), `drop PORT` or `list`.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

PATIENCE_SECONDS = 1.0
_LONGEST_LINE = 64
NONE, DONE = b"none", b"done"


def main(descriptor: int) -> None:
    """Hold sockets until a signal ends the process."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    held: dict[bytes, int] = {}
    with socket.socket(fileno=descriptor) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(PATIENCE_SECONDS)
                try:
                    _answer(connection, held)
                except (OSError, ValueError):
                    continue  # a caller that is gone, or that talks nonsense, harms nobody else


def _answer(connection: socket.socket, held: dict[bytes, int]) -> None:
    line, given, _, _ = socket.recv_fds(connection, _LONGEST_LINE, 1)
    verb, _, port = line.partition(b" ")
    if verb == b"keep" and given:
        _drop(held, port)
        held[port] = given.pop()
        connection.sendall(DONE)
    elif verb == b"take" and port in held:
        socket.send_fds(connection, [DONE], [held[port]])
    elif verb == b"drop":
        _drop(held, port)
        connection.sendall(DONE)
    elif verb == b"list":
        connection.sendall(b" ".join(held) or NONE)
    else:
        connection.sendall(NONE)
    for stray in given:
        os.close(stray)


def _drop(held: dict[bytes, int], port: bytes) -> None:
    if port in held:
        os.close(held.pop(port))


if __name__ == "__main__":
    main(int(sys.argv[1]))
