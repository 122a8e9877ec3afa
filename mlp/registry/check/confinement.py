"""A process for one judgement: it may crash, hang or ask for the world's memory, and only it ends."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from mlp.errors import Invalid
from mlp.registry.check.verdict import Verdict

MIB = 2**20
_STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Limits:
    """What one judgement may use."""

    seconds: float = 8.0
    """By the clock on the wall, however busy the machine is."""
    cpu_seconds: int = 5
    memory: int = 512 * MIB
    """Bytes of address space, beyond what the process has when it begins."""

    def for_size(self, size: int) -> Limits:
        """Return the limits for a model of `size` bytes: reading a large one takes time and memory by right."""
        extra = size / (100 * MIB)
        return Limits(self.seconds + extra, self.cpu_seconds + int(extra), self.memory + 4 * size)


HANGS = Verdict.refusal(Invalid("the model does not answer in time", code="model_hangs"))
CRASHES = Verdict.refusal(Invalid("the model crashes ONNX Runtime", code="model_crashes_runtime"))
EXCEEDS = Verdict.refusal(Invalid("the model needs more memory than a model may", code="model_exceeds_memory"))


def confined(judge: Callable[[], Verdict], limits: Limits) -> Verdict:
    """Run `judge` in a fork of this process and return its verdict, or what its end amounts to.

    The caller must have no threads, and must have imported what `judge` needs: the limit of memory counts from here.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _judge_and_exit(judge, limits, writer)
    os.close(writer)
    try:
        answer = _read(reader, time.monotonic() + limits.seconds)
    finally:
        os.close(reader)
    if answer is None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if answer is None or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return HANGS
    if status != 0 or not answer:
        return CRASHES
    return Verdict.from_json(answer)


def _judge_and_exit(judge: Callable[[], Verdict], limits: Limits, writer: int) -> NoReturn:
    status = 1
    with contextlib.suppress(BaseException):
        _restrain(limits)
        verdict = _verdict(judge)
        with os.fdopen(writer, "w") as file:
            file.write(verdict.to_json())
        status = 0
    os._exit(status)


def _verdict(judge: Callable[[], Verdict]) -> Verdict:
    try:
        return judge()
    except MemoryError:
        return EXCEEDS
    except Exception as error:  # noqa: BLE001  whatever a hostile file provokes, the file is at fault
        return Verdict.refusal(Invalid(f"the model cannot be judged ({type(error).__name__})", code="invalid_model"))


def _restrain(limits: Limits) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    if _STATM.exists():  # Linux; elsewhere the address space cannot be limited in a way that holds
        mapped = int(_STATM.read_text("ascii").split()[0]) * resource.getpagesize()
        _limit(resource.RLIMIT_AS, mapped + limits.memory)
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds, slack=1)  # SIGXCPU says why; at the hard limit comes SIGKILL
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(what: int, amount: int, slack: int = 0) -> None:
    _, hard = resource.getrlimit(what)
    ceiling = amount + slack if hard == resource.RLIM_INFINITY else min(amount + slack, hard)
    resource.setrlimit(what, (min(amount, ceiling), ceiling))


def _read(reader: int, deadline: float) -> bytes | None:
    """Return all that the child writes, or None when it is not done by the deadline."""
    answer = b""
    while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
        piece = os.read(reader, 65_536)
        if not piece:
            return answer
        answer += piece
    return None
