"""What packaging is asked for, and what it hands back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from mlp.api.model import Key, Manifest, ShortText, Text, version_digest
from mlp.api.receipt import MAX_GOLDEN_ROWS
from mlp.api.wire import Wire, sha256_of
from mlp.errors import Unsupported

PICKLE_SUFFIXES = (".joblib", ".pkl", ".pickle")


class SourceKind(StrEnum):
    """Where the model is read from."""

    PICKLE = "pickle"
    """A file that can run any code when it is opened; ask before."""
    REFERENCE = "reference"
    """`module:attribute`, the user's own code."""
    ONNX = "onnx"

    @classmethod
    def of(cls, source: str) -> SourceKind:
        """Return what `source` is by its form; raise Unsupported (`unsupported_source`) for anything else."""
        suffix = Path(source).suffix.lower()
        if suffix in PICKLE_SUFFIXES:
            return cls.PICKLE
        if suffix == ".onnx":
            return cls.ONNX
        if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", source):
            return cls.REFERENCE
        raise Unsupported(
            f"{source!r} is not a model: give a .joblib, .pkl or .onnx file, or a Python reference as module:attribute",
            code="unsupported_source",
        )


class Annotations(Wire):
    """What a person says about a version; no part of its digest. Numbers among the words become text."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    metrics: Annotated[dict[Key, float], Field(max_length=200)] = {}
    params: Annotated[dict[Key, Text], Field(max_length=200)] = {}
    tags: Annotated[dict[Key, ShortText], Field(max_length=50)] = {}
    description: Text = ""


@dataclass(frozen=True)
class Evaluation:
    """Rows with their true answers, to measure the ONNX on."""

    rows: object
    """A data frame, or a list of records, with the model's columns and one more."""
    target: str
    """The column of the true answers."""


class PackageRequest(Wire):
    """A model to package. Paths are relative to the working directory."""

    source: str
    """A `.joblib`, `.pkl` or `.onnx` file, or `module:attribute`."""
    sample: Path | None = None
    """CSV, JSON, Parquet or .npy: names, dtypes, and rows to prove on."""
    evaluation: Path | None = None
    """Rows of the same formats with their true answers, to measure the ONNX on."""
    target: str | None = None
    """The column of the true answers; in the sample it is passed over."""
    golden: Annotated[int, Field(ge=0, le=MAX_GOLDEN_ROWS)] = MAX_GOLDEN_ROWS
    """How many golden rows to store; 0 for none."""
    annotations: Annotations = Annotations()

    @model_validator(mode="after")
    def _evaluation_has_target(self) -> Self:
        if self.evaluation is not None and self.target is None:
            raise ValueError("an evaluation needs the target's column")
        return self


@dataclass(frozen=True)
class Package:
    """A model ready for the registry."""

    model: bytes
    """The ONNX file."""
    manifest: Manifest
    notes: tuple[str, ...]
    """What the user should know about this push, a sentence each."""

    @property
    def sha256(self) -> str:
        """The name of the blob."""
        return sha256_of(self.model)

    @property
    def digest(self) -> str:
        """The identity of the version: a repeated push has the same."""
        return version_digest(self.sha256, self.manifest.signature, self.manifest.receipt)
