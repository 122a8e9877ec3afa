"""Which golden rows two versions answer differently."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlp.cli.text import columns
from mlp.errors import Failed, MlpError

if TYPE_CHECKING:
    from mlp.api.documents import Cell, VersionDocument
    from mlp.api.model import ModelVersion
    from mlp.api.receipt import GoldenRows
    from mlp.cli.session import Session
    from mlp.proof import Answers, Run

SHOWN_ROWS = 10


@dataclass
class Flips:
    """Rows with two answers. `how` says what was compared with what."""

    compared: int = 0
    how: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    """Each has `features` by name, the answer `before` and the one `after`."""
    largest: float | None = None
    """The largest difference of a number: a probability, or a value."""

    def document(self) -> dict[str, Any]:
        """Return this as plain values."""
        return {"compared": self.compared, "how": self.how, "flips": self.rows, "max_abs_diff": self.largest}

    def lines(self) -> list[str]:
        """Return this as a person reads it."""
        if not self.compared:
            return [self.how]
        moved = "" if self.largest is None else f"; largest difference of a number {self.largest:.2g}"
        lines = [f"{len(self.rows)} of {self.compared} golden rows flip{moved} ({self.how})"]
        if not self.rows:
            return lines
        shown = [
            (" ".join(f"{name}={value}" for name, value in row["features"].items()), row["before"], row["after"])
            for row in self.rows[:SHOWN_ROWS]
        ]
        lines += columns(("ROW", "BEFORE", "AFTER"), shown).split("\n")
        return [*lines, "…"] if len(self.rows) > SHOWN_ROWS else lines


def flips_between(session: Session, before: VersionDocument, after: VersionDocument) -> Flips:
    """Answer the golden rows of each version with the other one; both are fetched for that.

    Without ONNX Runtime, or where the two take other features, only rows that both receipts hold are compared.
    """
    if before["digest"] == after["digest"]:
        return Flips(how="the same bytes, signature and receipt")
    if before["receipt"].get("golden") is None and after["receipt"].get("golden") is None:
        return Flips(how="neither version has golden rows")
    if find_spec("onnxruntime") is None:
        return stored_flips(
            before, after, "answers of the receipts; pip install 'mlp[sklearn]' asks the models themselves"
        )
    if set(_names(before)) != set(_names(after)):
        return stored_flips(before, after, "the two take other features, so neither can answer the other's rows")
    try:
        return _asked(session, before, after)
    except MlpError as error:
        return stored_flips(before, after, f"the models could not be asked: {error.message}")


def _asked(session: Session, before: VersionDocument, after: VersionDocument) -> Flips:
    from pydantic import ValidationError

    from mlp.api.model import ModelVersion

    try:
        old, new = (ModelVersion.model_validate_json(json.dumps(each)) for each in (before, after))
    except ValidationError as error:
        raise Failed("a version is newer than this mlp", code="unexpected_answer") from error
    with TemporaryDirectory(prefix="mlp-") as folder, session.screen.working("asking both versions"):
        return asked_flips(old, new, lambda version: _run_of(session, version, Path(folder)))


def _names(version: VersionDocument) -> list[str]:
    return [feature["name"] for feature in version["signature"]["inputs"]]


def _run_of(session: Session, version: ModelVersion, folder: Path) -> Run:
    from mlp.packaging.session import Session as Graph

    file = folder / f"{version.sha256}.onnx"
    session.registry.download(version, file)
    return Graph(file.read_bytes()).run


def asked_flips(before: ModelVersion, after: ModelVersion, run_of: Callable[[ModelVersion], Run]) -> Flips:
    """Compare the stored answers of each version with the other version's to the same rows."""
    found = Flips(how="each version asked the other's rows")
    for known, other, is_before in ((before, after, True), (after, before, False)):
        if known.receipt.golden is not None:
            _ask(found, known, other, run_of(other), known_is_before=is_before)
    return found


def _ask(found: Flips, known: ModelVersion, other: ModelVersion, run: Run, *, known_is_before: bool) -> None:
    from mlp.proof import answers_of, feeds_of, golden_answers

    golden = known.receipt.golden
    if golden is None:
        return
    rows = _reordered(golden, known.signature.names, other.signature.names)
    said = answers_of(other.signature, run(feeds_of(other.signature, rows)), len(rows))
    stored = golden_answers(known.signature, golden)
    pair = ((stored, known), (said, other)) if known_is_before else ((said, other), (stored, known))
    _add(found, golden, known, pair)


def _add(
    found: Flips,
    golden: GoldenRows,
    known: ModelVersion,
    pair: Sequence[tuple[Answers, ModelVersion]],
) -> None:
    from mlp.proof import Answers, compare, labels_as_trained

    (was, older), (now, newer) = pair
    if older.signature.outputs.classes != newer.signature.outputs.classes:
        was, now = Answers(was.predictions), Answers(now.predictions)
    comparison = compare(was, now, known.receipt.tolerance)
    labels = labels_as_trained(older.signature, was.predictions), labels_as_trained(newer.signature, now.predictions)
    is_number = was.predictions.dtype.kind == "f"
    flipped = [
        row
        for row in range(len(was))
        if (row in comparison.differing if is_number else labels[0][row] != labels[1][row])
    ]
    known_rows = [each["features"] for each in found.rows]
    for row in flipped:
        features = dict(zip(known.signature.names, golden.features[row], strict=True))
        if features not in known_rows:
            found.rows.append({"features": features, "before": labels[0][row], "after": labels[1][row]})
    found.compared += comparison.rows
    numbers = [each for each in (found.largest, comparison.max_abs_diff) if each is not None]
    found.largest = max(numbers, default=None)


def _reordered(golden: GoldenRows, names: Sequence[str], wanted: Sequence[str]) -> list[list[Cell]]:
    places = [list(names).index(name) for name in wanted]
    return [[row[place] for place in places] for row in golden.features]


def stored_flips(before: VersionDocument, after: VersionDocument, how: str) -> Flips:
    """Compare the answers of both receipts to the rows that both hold."""
    old, new = _stored(before), _stored(after)
    shared = [key for key in old if key in new]
    rows = [{"features": dict(key), "before": old[key], "after": new[key]} for key in shared if old[key] != new[key]]
    return Flips(compared=len(shared), how=how, rows=rows)


def _stored(version: VersionDocument) -> Mapping[tuple[tuple[str, Cell], ...], Any]:
    golden = version["receipt"].get("golden")
    if golden is None:
        return {}
    keys = (tuple(sorted(zip(_names(version), row, strict=True))) for row in golden["features"])
    return dict(zip(keys, golden["predictions"], strict=True))
