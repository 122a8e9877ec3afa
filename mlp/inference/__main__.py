"""`python -m mlp.inference`: serve one model version, by settings in the environment or as flags.

Exit codes: 0 ended as told, 2 wrong settings, 3 could not start (the reason is on stderr and in MLP_TERMINATION_FILE).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from mlp.client.own_log import OwnLog
from mlp.errors import MlpError
from mlp.inference import log
from mlp.inference.failure import INTERNAL, reason_of, write_termination
from mlp.inference.log import LOG
from mlp.inference.run import run
from mlp.inference.settings import Settings

_USAGE_CODES = ("invalid_setting", "keys_unusable", "open_bind")


def main() -> int:
    """Run the server to its end and return the exit code."""
    log.configure("info")
    signal.signal(signal.SIGTERM, _end_early)
    signal.signal(signal.SIGINT, _end_early)
    try:
        settings = Settings.from_environment(_environment())
    except MlpError as error:
        return _failed(error, os.environ.get("MLP_TERMINATION_FILE"))
    log.configure(settings.log_level)
    OwnLog.keep(settings.log_file)
    try:
        run(settings)
    except MlpError as error:
        return _failed(error, settings.termination_file)
    except Exception:  # noqa: BLE001  whoever started this process waits for a reason
        LOG.exception("start_failed", {"reason": INTERNAL})
        write_termination(settings.termination_file, INTERNAL, "the server failed; its log has the traceback")
        return 3
    return 0


def _environment() -> Mapping[str, str]:
    if len(sys.argv) == 1:  # as the agent and the operator start it
        return os.environ
    from mlp.inference.flags import with_flags

    return with_flags(os.environ, sys.argv[1:])


def _failed(error: MlpError, termination_file: str | Path | None) -> int:
    reason = reason_of(error)
    fields = {"reason": reason, "code": error.code, "message": error.message, "details": dict(error.details)}
    LOG.error("start_failed", fields)
    write_termination(Path(termination_file) if termination_file else None, reason, error.message)
    return 2 if error.code in _USAGE_CODES else 3


def _end_early(*_: object) -> NoReturn:
    sys.exit(0)  # told to end before there was anything to drain


if __name__ == "__main__":
    sys.exit(main())
