"""`mlp model push`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.errors import Invalid


def run_push(
    session: Session,
    *,
    source: Annotated[
        str, typer.Argument(metavar="MODEL", help="FILE.joblib, FILE.pkl, FILE.onnx or module:attribute.")
    ],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the model in the registry.")],
    sample: Annotated[
        Path | None,
        typer.Option("--sample", metavar="FILE", help="Rows to prove on: CSV, JSON, Parquet or .npy; features only."),
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Open a pickle; it can run code on this machine.")] = False,
    golden: Annotated[
        str, typer.Option("--golden", metavar="N|none", help="How many sample rows to store as golden rows.")
    ] = "32",
    metric: Annotated[list[str] | None, typer.Option("--metric", metavar="K=V", help="A metric; repeat it.")] = None,
    param: Annotated[list[str] | None, typer.Option("--param", metavar="K=V", help="A parameter; repeat it.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="K=V", help="A tag; repeat it.")] = None,
    description: Annotated[
        str, typer.Option("--description", metavar="TEXT", help="A sentence about this version.")
    ] = "",
    alias: Annotated[str | None, typer.Option("--alias", metavar="ALIAS", help="Point this alias to it.")] = None,
    evaluate: Annotated[
        Path | None, typer.Option("--eval", metavar="FILE", help="Rows with answers, to measure the ONNX on.")
    ] = None,
    target_column: Annotated[
        str | None, typer.Option("--target", metavar="COLUMN", help="With --eval: the column of right answers.")
    ] = None,
) -> None:
    """Convert a model to ONNX, prove that it answers as the original does, and register it as the next version.

    The same model pushed again is recognised, and gets no new version. (--target names a column here; where to push
    is chosen by MLP_TARGET.)
    """
    from mlp.cli import pushing

    if (evaluate is None) != (target_column is None):
        raise Invalid("--eval FILE and --target COLUMN go together", code="invalid_option")
    annotations: dict[str, object] = {
        "metrics": pushing.metrics(metric or []),
        "params": pushing.pairs("--param", param or []),
        "tags": pushing.pairs("--tag", tag or []),
        "description": description,
    }
    request = pushing.request_for(
        source,
        annotations,
        sample=sample,
        golden=pushing.golden_rows(golden),
        evaluation=evaluate,
        target=target_column,
    )
    pushing.push(session, name, request, trust=trust, alias=alias)


run = command(run_push, without=("target",))
