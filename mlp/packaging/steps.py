"""From a model to a package: the steps, in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from mlp.api.receipt import MAX_GOLDEN_ROWS, SampleKind
from mlp.errors import Invalid
from mlp.packaging.align import aligned, numbered, thinned
from mlp.packaging.derive import derived_rows, learn
from mlp.packaging.graph import inputs_in, made_up, read_graph, taken_as_is
from mlp.packaging.infer import cells_of, inputs_of, seen
from mlp.packaging.original import Original, public_name
from mlp.packaging.outcome import Outcome, Wishes, finished
from mlp.packaging.presence import file_of
from mlp.packaging.prove import Rows, prove
from mlp.packaging.provenance import source_of
from mlp.packaging.request import Annotations, Evaluation, Package, PackageRequest, SourceKind
from mlp.packaging.sources import open_pickle, open_reference
from mlp.packaging.table import TEXT, Table, read_table, table_of


def package(
    estimator: object,
    *,
    sample: object = None,
    evaluation: Evaluation | None = None,
    golden: int = MAX_GOLDEN_ROWS,
    annotations: Annotations | None = None,
) -> Package:
    """Package a fitted estimator.

    `sample` is a data frame, an array or a list of rows to prove on, of which 10,000 are used at most; `golden` says
    how many of them to store. Raises Invalid, Unsupported or Unproved with what is wrong with model or rows.
    """
    if not 0 <= golden <= MAX_GOLDEN_ROWS:
        raise Invalid(f"there are 0 to {MAX_GOLDEN_ROWS} golden rows, not {golden}", code="invalid_option")
    table = None if sample is None else table_of(sample)
    if table is not None and evaluation is not None:
        table = table.without(evaluation.target)
    return _package_estimator(estimator, Wishes(table, evaluation, golden, annotations or Annotations()))


def package_source(request: PackageRequest) -> Package:
    """Open what `request` names, which runs the code in it, and package it."""
    kind = SourceKind.of(request.source)
    evaluation = None
    if request.evaluation is not None and request.target is not None:
        evaluation = Evaluation(read_table(request.evaluation), request.target)
    sample = None if request.sample is None else read_table(request.sample).without(request.target)
    wishes = Wishes(sample, evaluation, request.golden, request.annotations)
    if kind is SourceKind.ONNX:
        return _package_onnx(file_of(request.source).read_bytes(), wishes)
    opened = open_pickle if kind is SourceKind.PICKLE else open_reference
    return _package_estimator(opened(request.source), wishes)


def _package_estimator(estimator: object, wishes: Wishes) -> Package:
    with _valid_documents():
        original = Original.of(estimator)
        width = _width(original, wishes.sample)
        names = original.names or _own_names(wishes.sample)
        known = learn(estimator, width)
        if wishes.sample is None:
            frame = derived_rows(known, names or _unnamed(original, width))
        else:
            frame = thinned(aligned(wishes.sample, original.names, width))
        inputs = inputs_of(frame, known, original, given=wishes.sample is not None)
        with _sample_needed(original, wishes):
            proof = prove(original, inputs, Rows(frame, cells_of(frame, inputs.features)))
        outcome = Outcome(
            proof=proof,
            scores=original.scores(frame, proof.expected),
            names=names,
            sample=SampleKind.DERIVED if wishes.sample is None else SampleKind.GIVEN,
            source=source_of("scikit-learn", public_name(estimator)),
        )
        return finished(outcome, wishes)


def _package_onnx(model: bytes, wishes: Wishes) -> Package:
    with _valid_documents():
        graph = read_graph(model)
        names = _own_names(wishes.sample)
        inputs = inputs_in(graph, names)
        if wishes.sample is None:
            cells = made_up(inputs)
        else:
            wanted = [feature.name for feature in inputs.features]
            frame = thinned(aligned(wishes.sample, wanted, len(wanted)))
            inputs = seen(inputs, frame)
            cells = cells_of(frame, inputs.features)
        proof = taken_as_is(model, graph, inputs, cells)
        outcome = Outcome(
            proof=proof,
            scores=proof.expected.probabilities,
            names=names,
            sample=SampleKind.NONE,
            source=source_of("onnx", None),
        )
        return finished(outcome, wishes)


def _width(original: Original, sample: Table | None) -> int:
    if original.width is not None:
        return original.width
    return 1 if sample is None else len(sample.frame.columns)


def _unnamed(original: Original, width: int) -> tuple[str, ...]:
    """Return names for features that nobody named."""
    return (TEXT,) if original.width is None and width == 1 else numbered(width)


def _own_names(sample: Table | None) -> tuple[str, ...] | None:
    return tuple(sample.frame.columns) if sample is not None and sample.named else None


@contextmanager
def _sample_needed(original: Original, wishes: Wishes) -> Iterator[None]:
    """Ask for a sample where an estimator cannot answer rows that were made up for it."""
    try:
        yield
    except Invalid as error:
        if error.code != "sample_refused" or wishes.sample is not None:
            raise
        name = public_name(original.estimator)
        raise Invalid(f"no rows can be made up that {name} takes: give a sample", code="sample_needed") from error


@contextmanager
def _valid_documents() -> Iterator[None]:
    """Say in the platform's words where a model exceeds what its documents can hold."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Invalid(f"{where}: {first['msg']}", code="invalid_manifest") from error
