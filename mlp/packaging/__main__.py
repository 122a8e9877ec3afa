"""`python -m mlp.packaging FOLDER`: a request on standard input, files in FOLDER, a failure on standard output."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

from mlp.errors import MlpError, Precondition
from mlp.packaging.child import MODEL_FILE, SUMMARY_FILE, Report, Summary
from mlp.packaging.presence import check_present
from mlp.packaging.request import Package, PackageRequest


def main() -> int:
    """Package; return the exit code, 1 after a failure that was reported."""
    answers = _own_stdout()
    request = PackageRequest.model_validate_json(sys.stdin.buffer.read())
    folder = Path(sys.argv[1])
    try:
        package = _package_source(request)
    except MlpError as error:
        answers.write(Report.of(error).model_dump_json())
        answers.flush()
        return 1
    (folder / MODEL_FILE).write_bytes(package.model)
    summary = Summary(manifest=package.manifest, notes=package.notes)
    (folder / SUMMARY_FILE).write_text(summary.model_dump_json(), encoding="utf-8")
    return 0


def _package_source(request: PackageRequest) -> Package:
    check_present(request)
    try:
        from mlp.packaging.steps import package_source
    except ModuleNotFoundError as error:
        raise Precondition(
            f"packaging needs {error.name}: pip install 'mlp[sklearn]'",
            code="missing_module",
            details={"module": error.name},
        ) from error
    return package_source(request)


def _own_stdout() -> TextIO:
    """Keep standard output for the report: what a model's code prints goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


if __name__ == "__main__":
    sys.exit(main())
