"""Opening what the user names. Only a process without secrets does this: a pickle and a module are code."""

from __future__ import annotations

import difflib
import importlib
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import joblib
import sklearn
from sklearn.exceptions import InconsistentVersionWarning

from mlp.errors import Failed, Invalid, MlpError, NotFound, Precondition
from mlp.packaging.presence import file_of, missing_module


def open_pickle(source: str) -> Any:
    """Return what the pickle at `source` holds, made by joblib or pickle."""
    path = file_of(source)
    _make_importable(Path.cwd())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", InconsistentVersionWarning)
            return joblib.load(path)
    except InconsistentVersionWarning as warning:
        raise _other_version(path, warning.original_sklearn_version) from warning
    except Exception as error:  # a pickle runs code that may raise anything
        raise _why_closed(path, error) from error


def open_reference(source: str) -> Any:
    """Return the object that `module:attribute` names; modules of the working directory are found."""
    module_name, _, attribute = source.partition(":")
    _make_importable(Path.cwd())
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise missing_module(error.name) from error
    except (Exception, SystemExit) as error:
        raise Failed(
            f"importing {module_name} failed: {type(error).__name__}: {error}", code="reference_failed"
        ) from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            near = difflib.get_close_matches(part, dir(found), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise NotFound(f"{module_name} has no {attribute}{hint}", code="attribute_not_found")
        found = getattr(found, part)
    return found


def _why_closed(path: Path, error: Exception) -> MlpError:
    """Return what it means that unpickling ended with `error`."""
    written_by = _sklearn_version_in(path)
    if written_by is not None and written_by != sklearn.__version__:
        return _other_version(path, written_by)
    if isinstance(error, ModuleNotFoundError):
        return missing_module(error.name)
    if isinstance(error, AttributeError):
        return Precondition(
            f"{path.name} needs a class or function that is not where the pickle says: {error}. "
            "What was defined in a notebook or a script is not in the file: move it to a module, and pickle again",
            code="missing_attribute",
        )
    return Invalid(
        f"{path.name} is not a model that joblib or pickle can open: {type(error).__name__}: {error}",
        code="not_a_pickle",
    )


def _sklearn_version_in(path: Path) -> str | None:
    """Return the version of scikit-learn that an uncompressed pickle names first."""
    found = re.search(rb"_sklearn_version.{1,8}?(\d+(?:\.\d+)+)", path.read_bytes(), re.DOTALL)
    return found.group(1).decode() if found else None


def _other_version(path: Path, version: str) -> Precondition:
    return Precondition(
        f"{path.name} was made by scikit-learn {version}, and this is scikit-learn {sklearn.__version__}",
        code="sklearn_version_mismatch",
        details={"made_by": version, "installed": sklearn.__version__},
    )


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
