"""`mlp predict`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.errors import Invalid

if TYPE_CHECKING:
    from mlp.api.documents import RequestDocument, SignatureDocument


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
    repeat: Annotated[
        int, typer.Option("--repeat", metavar="N", min=1, max=1_000_000, help="Ask N times; shows p50 and p95.")
    ] = 1,
    curl: Annotated[bool, typer.Option("--curl", help="Print the curl command, and send nothing.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Send -f as it is, and print the answer as it is.")] = False,
) -> None:
    """Ask a deployed model.

    \b
      mlp predict iris -i sepal_length=5.1 -i sepal_width=3.5 -i petal_length=1.4 -i petal_width=0.2
      mlp predict iris -f rows.csv --repeat 1000
      mlp predict iris --example | mlp predict iris -f -
      mlp predict iris --raw -f request.json     /predict, or with `inputs` the Open Inference Protocol
    """
    from mlp.cli import asking
    from mlp.cli.predictions import prediction_text
    from mlp.cli.rows import example_request

    if raw:
        _send_raw(session, name, file)
        return
    server = session.model_server(name)
    signature = server.metadata()["signature"]
    if example and not curl:
        typer.echo(json.dumps(example_request(signature), indent=2, ensure_ascii=False))
        return
    request = _request(signature, inputs or [], file, name=name, example=example, probabilities=probabilities)
    if curl:
        keyed = session.settings.api_key is not None or session.settings.api_key_file is not None
        typer.echo(asking.curl_command(_url(session, name), request, keyed=keyed))
        return
    prediction, seconds = asking.asked_repeatedly(session, server, request, repeat)
    figures = asking.latency(seconds)
    if repeat == 1:
        model = prediction["model"]
        session.emit(prediction, lambda: prediction_text(prediction))
        session.screen.detail(f"{model['name']}:{model['version']} in {figures['p50_ms']} ms")
    else:
        text = f"{prediction_text(prediction)}\n{asking.latency_text(figures)}"
        session.emit({**prediction, "latency": figures}, lambda: text)


def _request(
    signature: SignatureDocument, inputs: list[str], file: Path | None, *, name: str, example: bool, probabilities: bool
) -> RequestDocument:
    from mlp.cli.rows import example_request, request_from_file, request_from_inputs

    if file is not None and inputs:
        raise Invalid("give -i or -f, one of them", code="invalid_option")
    if example:
        request = example_request(signature)
    elif file is None:
        request = request_from_inputs(signature, inputs, name=name)
    else:
        request = request_from_file(signature, file, name=name)
    wanted = probabilities or (file is None and signature["outputs"].get("probabilities") is not None)
    return {**request, "return_probabilities": wanted or request.get("return_probabilities", False)}


def _send_raw(session: Session, name: str, file: Path | None) -> None:
    from mlp.cli.asking import path_of, raw_body

    body = raw_body(file)
    model = session.target.get(name)["spec"]["modelName"]
    answer = session.model_server(name).send(path_of(body, model), body)
    typer.echo(answer.decode("utf-8", "replace").rstrip("\n"))


def _url(session: Session, name: str) -> str:
    """Return the address that a person can use: on a cluster the one inside of it."""
    if session.target.name == "local":
        return session.target.endpoint(name)
    status = session.target.get(name).get("status") or {}
    session.screen.note(f"inside the cluster; from here after: kubectl port-forward service/{name}-service 8001")
    return status.get("url") or "http://127.0.0.1:8001"
