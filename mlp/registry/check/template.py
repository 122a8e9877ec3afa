"""The process from which judgements are forked: it imports ONNX Runtime once, so that a verdict takes milliseconds.

Started by `judge` with one end of a socket pair as standard input. Each byte that arrives there brings a socket for one
job; a fork of this process, the warden, reads the job from it, has it judged in a fork of its own and answers.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
from typing import NoReturn

from mlp.registry.check.confinement import confined
from mlp.registry.check.examination import examine
from mlp.registry.check.job import Job


def main(idle_seconds: float) -> None:
    """Serve jobs until the registry is gone, or none came for a while."""
    gc.freeze()  # forks share these objects' pages as long as nobody collects them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # wardens are not waited for
    control = socket.socket(fileno=sys.stdin.fileno())
    while select.select([control], [], [], idle_seconds)[0]:
        data, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not data:
            return
        if os.fork() == 0:
            control.close()
            _serve_and_exit(socket.socket(fileno=descriptors[0]))
        os.close(descriptors[0])


def _serve_and_exit(job_socket: socket.socket) -> NoReturn:
    with contextlib.suppress(BaseException):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with job_socket, job_socket.makefile("rb") as reader:
            job = Job.from_json(reader.read())
            verdict = confined(lambda: examine(job.path, job.manifest), job.limits)
            job_socket.sendall(verdict.to_json().encode())
    os._exit(0)


if __name__ == "__main__":
    main(float(sys.argv[1]))
