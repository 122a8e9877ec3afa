"""The registry's side of a judgement: keeps the template process while there is work, and asks it for verdicts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Counter

from mlp.api.model import Manifest
from mlp.errors import Unavailable
from mlp.registry.check.confinement import Limits
from mlp.registry.check.job import Job
from mlp.registry.check.verdict import Verdict

log = logging.getLogger(__name__)

IDLE_SECONDS = 30.0
_PATIENCE_SECONDS = 30.0  # how long an upload waits for its turn
_GRACE_SECONDS = 5.0  # beyond a job's own limit, before the judging processes count as lost
_ATTEMPTS = 3  # a template may end, idle, just as it is asked


class Judge:
    """Judges files, a few at a time, and counts the verdicts by their code. Safe to use from many tasks."""

    def __init__(self, limits: Limits, verdicts: Counter) -> None:
        self._limits = limits
        self._verdicts = verdicts
        self._turns = asyncio.Semaphore(max(2, os.cpu_count() or 1))
        self._starting = asyncio.Lock()
        self._template: _Template | None = None

    async def warm(self) -> None:
        """Start the template process if none runs, so that the next verdict does not wait for it."""
        await self._running()

    async def verdict(self, path: Path, size: int, manifest: Manifest) -> Verdict:
        """Return what the judgement of the file at `path` says. Raises Unavailable when nobody can judge now."""
        job = Job(path, manifest, self._limits.for_size(size))
        async with self._turn():
            for _ in range(_ATTEMPTS):
                template = await self._running()
                answer = await template.ask(job)
                if answer:
                    verdict = Verdict.from_json(answer)
                    self._verdicts.labels(verdict.code or "accepted").inc()
                    return verdict
                log.warning("no verdict from the judging process", extra={"fields": {"pid": template.process.pid}})
                await template.end()
        raise Unavailable("the model could not be judged now", code="judge_unavailable")

    async def close(self) -> None:
        """End the template process. Judgements under way end by themselves."""
        async with self._starting:
            if self._template is not None:
                await self._template.end()

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._turns.acquire()
        except TimeoutError as error:
            raise Unavailable("too many models wait for their judgement", code="overloaded") from error
        try:
            yield
        finally:
            self._turns.release()

    async def _running(self) -> _Template:
        async with self._starting:
            if self._template is None or self._template.process.returncode is not None:
                if self._template is not None:
                    await self._template.end()
                self._template = await _Template.start()
            return self._template


@dataclass(frozen=True)
class _Template:
    """A running template process, and our end of the socket over which it is given jobs."""

    process: asyncio.subprocess.Process
    control: socket.socket

    @classmethod
    async def start(cls) -> _Template:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-m", "mlp.registry.check.template", str(IDLE_SECONDS)),
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                env=_environment(),
                cwd="/",
                start_new_session=True,
            )
        log.info("judging process started", extra={"fields": {"pid": process.pid}})
        return cls(process, ours)

    async def ask(self, job: Job) -> bytes:
        """Return the answer to `job`, or nothing when the processes that should give it are gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.control, [b"j"], [theirs.fileno()])
            except OSError:
                ours.close()
                return b""
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        try:
            writer.write(job.to_json())
            writer.write_eof()
            async with asyncio.timeout(job.limits.seconds + _GRACE_SECONDS):
                return await reader.read()
        except (OSError, TimeoutError):
            return b""
        finally:
            writer.close()

    async def end(self) -> None:
        """End the process; it holds no state that could be lost."""
        self.control.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        await self.process.wait()


def _environment() -> Mapping[str, str]:
    """Return all that a judging process knows of this one: where programs are, and to begin no threads."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
