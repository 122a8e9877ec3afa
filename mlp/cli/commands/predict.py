"""`mlp predict`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The deployment.")],
    inputs: Annotated[
        list[str] | None, typer.Option("-i", "--input", metavar="FEATURE=VALUE", help="One feature; repeat it.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("-f", "--file", metavar="FILE", help="Rows as JSON or CSV; '-' reads stdin.")
    ] = None,
    example: Annotated[bool, typer.Option("--example", help="Print a request that works, and send nothing.")] = False,
    probabilities: Annotated[
        bool, typer.Option("-p", "--probabilities", help="Ask for the probability of each class.")
    ] = False,
) -> None:
    """Ask a deployed model.

    \b
      mlp predict iris -i sepal_length=5.1 -i sepal_width=3.5 -i petal_length=1.4 -i petal_width=0.2
      mlp predict iris -f rows.csv
      mlp predict iris --example | mlp predict iris -f -
    """
    from mlp.cli.predictions import prediction_text
    from mlp.cli.rows import example_request, request_from_file, request_from_inputs

    server = session.model_server(name)
    metadata = server.metadata()
    signature = metadata.signature
    if example:
        typer.echo(json.dumps(example_request(signature), indent=2, ensure_ascii=False))
        return
    request = (
        request_from_inputs(signature, inputs or [], name=name)
        if file is None
        else request_from_file(signature, file, name=name)
    )
    if probabilities or (file is None and signature.outputs.probabilities is not None):
        request = request.model_copy(update={"return_probabilities": True})
    begin = time.perf_counter()
    prediction = server.predict(request)
    elapsed = time.perf_counter() - begin
    session.emit(prediction.model_dump(mode="json", exclude_none=True), lambda: prediction_text(prediction))
    session.screen.detail(f"{prediction.model.name}:{prediction.model.version} in {elapsed * 1000:.1f} ms")
