"""`mlp deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.command import command
from mlp.cli.duration import Timeout, seconds_of
from mlp.cli.session import Session
from mlp.errors import Invalid, NotFound

if TYPE_CHECKING:
    from mlp.api.deployment import ModelDeployment
    from mlp.api.reference import ModelRef


@command
def run(
    session: Session,
    *,
    name: Annotated[str | None, typer.Argument(metavar="NAME[@ALIAS]", help="Name of the deployment.")] = None,
    file: Annotated[
        Path | None, typer.Option("-f", "--file", metavar="FILE", help="ModelDeployment documents (YAML), or '-'.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="The model, if it has another name.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="N|ALIAS", help="A number or an alias; else the latest.")
    ] = None,
    replicas: Annotated[int | None, typer.Option("--replicas", metavar="N", help="How many servers.")] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", metavar="LABEL", help="A label, such as production.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it answers.")] = True,
    timeout: Timeout = "60s",
) -> None:
    """Serve a model version, and wait until it really answers.

    A deployment that exists keeps what is not named: `mlp deploy iris --version 2` changes the version alone. The old
    version goes on answering until the new one has proved itself. An alias is looked up once: the deployment holds
    the number, and does not follow when the alias moves.

    \b
      mlp deploy iris@production
      mlp deploy iris-eu --model iris --version production
    """
    from mlp.cli.deploying import deploy, deployment_line
    from mlp.cli.deployments import changed, read_documents, reference_of

    if name is not None and file is None:
        name, version = reference_of(name, version)
        documents = [
            changed(
                _existing(session, name),
                name=name,
                model=model,
                number_of=lambda wanted: session.number_of(_reference(wanted, version)),
                replicas=replicas,
                environment=environment,
            )
        ]
    elif file is not None and name is None:
        documents = read_documents(file)
    else:
        raise Invalid("give a NAME or -f FILE, one of them", code="invalid_option")
    session.screen.note(f"target: {session.target.describe()}")
    seconds = seconds_of(timeout)
    deployed = [
        deploy(session, document, cause=_cause(document, file), wait=wait, timeout=seconds) for document in documents
    ]
    session.emit(
        deployed[0] if len(deployed) == 1 else deployed,
        lambda: "\n".join(map(deployment_line, deployed)),
    )
    first = deployed[0]["metadata"]["name"]
    session.screen.next(*([f"predict {first} --example", f"logs {first} -f"] if wait else [f"wait {first}"]))


def _existing(session: Session, name: str) -> ModelDeployment | None:
    from mlp.cli.deployments import deployment_of

    try:
        return deployment_of(session.target.get(name))
    except NotFound:
        return None


def _reference(model: str, version: str | None) -> ModelRef:
    from mlp.api.reference import ModelRef

    return ModelRef(model) if version is None else ModelRef.of(model, version)


def _cause(document: ModelDeployment, file: Path | None) -> str:
    if file is not None:
        return f"mlp deploy -f {file}"
    return f"mlp deploy {document.metadata.name} --version {document.spec.model_version}"
