"""Asks a cluster for names, in a process of its own: `python -m mlp.cli.completion.refresh FACTS`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from mlp.cli.completion.names import keep
from mlp.cli.output import Format
from mlp.cli.session import Flags, Session


def main(facts: dict[str, Any]) -> None:
    """Write what was asked for to its file. Whatever fails, fails here alone."""
    flags = Flags(
        target=None,
        context=facts["context"],
        namespace=facts["namespace"],
        output=Format.TEXT,
        fields=None,
        no_input=True,
        yes=False,
        quiet=True,
        verbose=False,
        debug=False,
        color="never",
    )
    session = Session.open(flags)
    kind, _, name = facts["what"].partition(" ")
    keep(Path(facts["file"]), _features(session, name) if kind == "features" else _names(session))
    session.close()


def _names(session: Session) -> dict[str, Any]:
    deployments = {
        each["metadata"]["name"]: {
            "model": each["spec"]["modelName"],
            "version": each["spec"]["modelVersion"],
            "url": None,
        }
        for each in session.target.list()
    }
    models = {
        each["name"]: {"latest": each.get("latest_version"), "aliases": each.get("aliases", {})}
        for each in session.catalog.models()
    }
    return {"deployments": deployments, "models": models}


def _features(session: Session, name: str) -> dict[str, Any]:
    signature = session.model_server(name).metadata()["signature"]
    return {"features": {each["name"]: each["dtype"] for each in signature["inputs"]}}


if __name__ == "__main__":
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - nobody reads it
    main(json.loads(sys.argv[1]))
