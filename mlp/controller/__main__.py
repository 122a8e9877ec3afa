"""`python -m mlp.controller`: the operator, until it is told to end. `python -m mlp.controller crd` writes the CRD.

Exit codes: 0 ended as told, 2 wrong usage or settings, 3 could not start (why is on stderr and in
MLP_TERMINATION_FILE), 4 lost the Lease, so that another process may lead.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from mlp.api.crd import crd_yaml
from mlp.controller.logs import JsonLines
from mlp.controller.process import Operator
from mlp.controller.settings import Settings
from mlp.errors import Invalid, MlpError

_USAGE = 2
_FAILED_TO_START = 3


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the operator, or print the CRD, and return the exit code."""
    if list(arguments) == ["crd"]:
        sys.stdout.write(crd_yaml())
        return 0
    if arguments:
        sys.stderr.write("usage: python -m mlp.controller [crd]\n")
        return _USAGE
    _log_to_stderr()
    try:
        Operator(_settings()).run()
    except Invalid as error:
        _report(error, environment.get("MLP_TERMINATION_FILE"))
        return _USAGE
    except MlpError as error:
        _report(error, environment.get("MLP_TERMINATION_FILE"))
        return _FAILED_TO_START
    return 0


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = f"MLP_{'_'.join(map(str, fault['loc'])).upper()}: " if fault["loc"] else ""
        raise Invalid(name + fault["msg"].removeprefix("Value error, "), code="invalid_settings") from None


def _report(error: MlpError, path: str | None) -> None:
    logging.getLogger(__name__).error(error.message, extra={"code": error.code})
    if path:
        reason = "".join(word.capitalize() for word in error.code.split("_"))
        Path(path).write_text(json.dumps({"reason": reason, "message": error.message}), encoding="utf-8")


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    for library in ("urllib3", "httpx"):  # they tell of every request
        logging.getLogger(library).setLevel(logging.ERROR)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ))
