"""docker or podman, whichever is there: the program is run, its words are read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from mlp.errors import Failed, MlpError, Precondition
from mlp.targets.images.engine_failure import engine_silent, last_line, push_failure

ENGINES = ("docker", "podman")


@dataclass(frozen=True)
class Built:
    """An image in the engine's store."""

    id: str
    """`sha256:…` of its configuration, or of its manifest where the engine keeps images as containerd does."""
    size: int
    """Bytes, unpacked."""
    created: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Engine:
    """A container engine on this machine."""

    name: str
    program: str
    """Its path."""

    def inspect(self, reference: str) -> Built | None:
        """Return an image of the engine's store, or None."""
        ran = self._run("image", "inspect", reference)
        if ran.returncode != 0:
            return None
        return _built(json.loads(ran.stdout)[0])

    def build(
        self,
        context: bytes,
        *,
        tags: Sequence[str],
        labels: Mapping[str, str],
        arguments: Mapping[str, str],
        line: Callable[[str], None],
    ) -> bool:
        """Build the tar `context`, telling each line of the log; return whether it succeeded."""
        options = [
            *(f"--tag={tag}" for tag in tags),
            *(f"--label={name}={value}" for name, value in labels.items()),
            *(f"--build-arg={name}={value}" for name, value in arguments.items()),
        ]
        with tempfile.TemporaryFile() as tar:
            tar.write(context)
            tar.seek(0)
            with _ended(self._open("build", *options, "-", stdin=tar, stderr=subprocess.STDOUT)) as process:
                for each in _output_of(process):
                    line(each.decode(errors="replace").rstrip())
                return process.wait() == 0

    @contextmanager
    def saved(self, *references: str) -> Iterator[IO[bytes]]:
        """Give images as one tar to read. Raises Failed (`image_save_failed`) where they cannot be read."""
        several = ("--multi-image-archive",) if self.name == "podman" else ()
        with tempfile.TemporaryFile() as complaints:
            with _ended(self._open("save", *several, *references, stderr=complaints)) as process:
                yield _output_of(process)
                code = process.wait()
            if code != 0:
                complaints.seek(0)
                said = complaints.read().decode(errors="replace")
                raise Failed(f"{', '.join(references)}: not readable: {last_line(said)}", code="image_save_failed")

    def tag(self, reference: str, alias: str) -> None:
        """Give an image a second name."""
        self._run("tag", reference, alias)

    def push(self, reference: str) -> None:
        """Push an image. Raises Denied, Unavailable or Failed."""
        ran = self._run("push", reference)
        if ran.returncode != 0:
            raise push_failure(reference, ran.stdout + ran.stderr)

    def silence(self) -> MlpError | None:
        """Return why the engine does not answer, or None when it does."""
        ran = self._run("ps", "--quiet")
        return None if ran.returncode == 0 else engine_silent(self.name, ran.stderr)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [self.program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    def _open(
        self, *arguments: str, stdin: int | IO[bytes] = subprocess.DEVNULL, stderr: Any
    ) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "BUILDKIT_PROGRESS": "plain"}
        return subprocess.Popen(
            [self.program, *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, env=environment
        )


def find_engine(name: str | None = None) -> Engine:
    """Return the engine `name`, or the first one of docker and podman that answers.

    Raises Precondition (`no_engine`, `engine_not_running`) and Denied (`engine_denied`).
    """
    wanted = (name,) if name else ENGINES
    found = [Engine(each, path) for each in wanted if (path := shutil.which(each)) is not None]
    if not found:
        raise Precondition(f"no {' or '.join(wanted)} on PATH, and images need one", code="no_engine")
    reasons = []
    for engine in found:
        reason = engine.silence()
        if reason is None:
            return engine
        reasons.append(reason)
    raise reasons[0]


def _built(document: Mapping[str, Any]) -> Built:
    identity = str(document["Id"])
    return Built(
        id=identity if ":" in identity else f"sha256:{identity}",
        size=int(document["Size"]),
        created=str(document["Created"]),
        labels=(document.get("Config") or {}).get("Labels") or {},
    )


def _output_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise ValueError("the process was started without a pipe")
    return process.stdout


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End the process with the block, however that is left."""
    try:
        yield process
    finally:
        if process.stdout is not None:
            process.stdout.close()
        if process.poll() is None:
            process.terminate()
        process.wait()
