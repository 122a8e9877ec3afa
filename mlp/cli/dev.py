"""The loop of `mlp dev`: a model file is saved, converted, proved and served, again and again."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlp.api.deployment import ModelDeployment, ObjectMeta, Spec
from mlp.api.reference import MAX_NAME, check_name
from mlp.cli.deploying import deploy
from mlp.cli.failures import known_of
from mlp.cli.overview import served_version
from mlp.cli.pushing import proof_line, request_for
from mlp.errors import MlpError
from mlp.packaging import package_in_child

if TYPE_CHECKING:
    from mlp.cli.session import Session
    from mlp.packaging import PackageRequest

_LOOK_SECONDS = 0.2
_SUFFIX = "-dev"


@dataclass(frozen=True)
class Work:
    """What is served again and again: the file, its name there, and rows to prove it on."""

    path: Path
    name: str
    sample: Path | None
    timeout: float

    def request(self) -> PackageRequest:
        """Return what packaging is asked for."""
        tags: dict[str, object] = {"tags": {"dev": "true"}}
        return request_for(str(self.path), tags, sample=self.sample, golden=8, evaluation=None, target=None)


def name_for(path: Path, name: str | None) -> str:
    """Return the name to serve a file under: the one that is given, else `iris-dev` for `iris.joblib`."""
    if name is not None:
        return check_name(name)
    stem = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[: MAX_NAME - len(_SUFFIX)].strip("-")
    return check_name(f"{stem if stem[:1].isalpha() else f'model-{stem}'.strip('-')}{_SUFFIX}")


def serve_once(session: Session, work: Work) -> None:
    """Convert, prove, register and deploy the file as it is now. Raises what any of that raises."""
    begin = time.monotonic()
    with session.screen.working(f"converting {work.path} and proving it"):
        built = package_in_child(work.request(), os.environ)
    session.screen.step(proof_line(built))
    version = session.registry.push(work.name, built.manifest, built.model).version
    spec = Spec(model_name=work.name, model_version=version.version)
    document = ModelDeployment(metadata=ObjectMeta(name=work.name), spec=spec)
    served = deploy(session, document, cause=f"mlp dev {work.path}", wait=True, timeout=work.timeout, registered=True)
    url = (served.get("status") or {}).get("url")
    session.screen.step(f"{version.ref} answers at {url}, {time.monotonic() - begin:.1f} s after it was saved")


def keep_serving(session: Session, work: Work) -> None:
    """Serve the file now and whenever it is saved, and tell each time whether that went well.

    What fails is said, and what answered before goes on answering; Ctrl-C says so, too.
    """
    _answering(session, work)
    for _ in _saves(work.path):
        try:
            serve_once(session, work)
        except MlpError as error:
            known = known_of(error)
            session.screen.failure(known.code, error.message, known.fix_for({"name": work.name, **error.details}))
            version = _answering(session, work)
            session.screen.note(
                f"version {version} goes on answering" if version else f"nothing is known to answer under {work.name}"
            )
        else:
            _answering(session, work)
        session.screen.note(f"waiting for {work.path} to be saved; Ctrl-C ends it")


def _answering(session: Session, work: Work) -> int | None:
    """Return the version that answers under the name, None if none does, and let Ctrl-C say that it goes on."""
    try:
        version = served_version(session.target.get(work.name))
    except MlpError:  # none is deployed; or nobody can tell, and then nothing is claimed
        version = None
    session.meanwhile = "" if version is None else f"{work.name} goes on answering: mlp undeploy {work.name}"
    return version


def _saves(path: Path) -> Iterator[None]:
    """Yield at once, and then whenever the file is another one and has been left alone for a moment."""
    served = None
    while True:
        seen = _state(path)
        if seen is not None and seen != served:
            time.sleep(_LOOK_SECONDS)
            if _state(path) == seen:
                served = seen
                yield
        time.sleep(_LOOK_SECONDS)


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
