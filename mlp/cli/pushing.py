"""The steps of `mlp model push`: from options to a request, from a package to a registered version."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mlp.api.alias import check_settable
from mlp.api.reference import check_name
from mlp.cli.text import size
from mlp.errors import Invalid, NotFound, Refused, Unproved
from mlp.packaging import Annotations, Package, PackageRequest, SourceKind, package_in_child

if TYPE_CHECKING:
    from mlp.api.receipt import Receipt
    from mlp.cli.session import Session


def check_source(session: Session, source: str, *, trust: bool) -> None:
    """Make sure that `source` may be opened: a file must exist, and a pickle must be trusted.

    Raises NotFound (`file_not_found`), or Refused (`untrusted_pickle`) when nobody agreed to open the pickle.
    """
    kind = SourceKind.of(source)
    if kind is not SourceKind.REFERENCE and not Path(source).is_file():
        raise NotFound(f"{source} does not exist", code="file_not_found")
    if kind is SourceKind.PICKLE and not trust:
        try:
            session.confirm(f"Open {source}? A pickle can run code on this machine", flag="--trust")
        except Refused as error:
            raise Refused(
                f"{source} is a pickle, which can run code when it is opened", code="untrusted_pickle"
            ) from error


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Read `key=value` options. Raises Invalid (`invalid_option`) for another form, or a key given twice."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise Invalid(f"{option} {text!r} is not KEY=VALUE", code="invalid_option")
        if key in found:
            raise Invalid(f"{option} {key} is given twice", code="invalid_option")
        found[key] = value
    return found


def metrics(texts: Sequence[str]) -> dict[str, float]:
    """Read `--metric name=number` options. Raises Invalid (`invalid_option`)."""
    found = {}
    for key, text in pairs("--metric", texts).items():
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise Invalid(f"--metric {key}={text}: {text!r} is not a number", code="invalid_option")
        found[key] = number
    return found


def golden_rows(text: str) -> int:
    """Read `--golden`: a number of rows, or `none`. Raises Invalid (`invalid_option`)."""
    if text == "none":
        return 0
    if not text.isdigit():
        raise Invalid(f"--golden {text!r} is neither a number of rows nor none", code="invalid_option")
    return int(text)


def request_for(
    source: str,
    annotations: dict[str, object],
    *,
    sample: Path | None,
    golden: int,
    evaluation: Path | None,
    target: str | None,
) -> PackageRequest:
    """Build the request for packaging. Raises Invalid (`invalid_option`) naming the option that does not fit."""
    for file in (sample, evaluation):
        if file is not None and not file.is_file():
            raise NotFound(f"{file} does not exist", code="file_not_found")
    try:
        return PackageRequest(
            source=source,
            sample=sample,
            evaluation=evaluation,
            target=target,
            golden=golden,
            annotations=Annotations.model_validate(annotations),
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{place}: {first['msg']}", code="invalid_option") from error


def push(session: Session, name: str, request: PackageRequest, *, trust: bool, alias: str | None = None) -> None:
    """Package in a process of its own, upload, point `alias` to it, and say what was registered.

    What can be refused at once is refused before the slow part: a wrong name, an untrusted pickle, a registry that
    does not answer.
    """
    check_name(name)
    if alias is not None:
        check_settable(alias)
    registry = session.registry
    registry.ready()
    session.meanwhile = f"mlp model ls {name} shows whether it was registered; pushing again is harmless"
    check_source(session, request.source, trust=trust)
    with session.screen.working(f"converting {request.source} and proving it"), _showing_worst_rows(session):
        built = package_in_child(request, os.environ)
    session.screen.step(proof_line(built))
    for note in built.notes:
        session.screen.note(note)
    with session.screen.sending("uploading", len(built.model), then="the registry checks it") as progress:
        pushed = registry.push(name, built.manifest, built.model, progress=progress)
    version, session.meanwhile = pushed.version, ""
    session.screen.step(f"registered {version.ref}" if pushed.created else f"{version.ref} is this model already")
    if alias is not None:
        registry.aliases.set(name, alias, version.version)
        version = version.model_copy(update={"aliases": sorted({*version.aliases, alias})})
        session.screen.step(f"{name}@{alias} is {version.ref}")
    session.emit(version.model_dump(mode="json"), lambda: f"{version.ref}   digest {version.digest}")
    session.screen.next(f"deploy {name} --version {version.version}")


@contextmanager
def _showing_worst_rows(session: Session) -> Iterator[None]:
    """Show the rows that original and ONNX answer most differently, before the failure that they lead to."""
    try:
        yield
    except Unproved as error:
        rows: Any = error.details.get("rows", [])
        for row in rows:
            session.screen.warn(
                f"row {row['row']} {row['features']}: expected {row['expected']}, the ONNX says {row['actual']}"
            )
        raise


def proof_line(built: Package) -> str:
    """Return what was proved, in one line."""
    receipt = built.manifest.receipt
    what = built.manifest.source.estimator or built.manifest.source.framework or "model"
    return f"{what.rpartition('.')[2]} as ONNX, {size(len(built.model))}: {agreement(receipt)}"


def agreement(receipt: Receipt) -> str:
    """Return how well original and ONNX agreed, in a few words."""
    if receipt.rows == 0:
        return "nothing to compare with"
    words = [f"{receipt.rows} rows compared"]
    if receipt.label_agreement is not None:
        words.append(f"{receipt.label_agreement:.0%} labels equal" if receipt.label_agreement == 1 else "labels differ")
    if receipt.max_abs_diff is not None:
        words.append(f"largest difference {receipt.max_abs_diff:.1e} ({receipt.precision})")
    return ", ".join(words)
