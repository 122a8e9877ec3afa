"""Speaking to the agent of this machine, through the socket in the platform's folder."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from mlp.api.documents import AgentDocument, DeploymentDocument, EventDocument, HistoryDocument, WhyDocument
from mlp.client.answer import document_in, page_in
from mlp.client.home import Home
from mlp.client.refusal import refusal
from mlp.errors import DeadlineExceeded, Precondition

if TYPE_CHECKING:
    from mlp.api.deployment import ModelDeployment

_TIMEOUT_SECONDS = 10.0
_UNEXPECTED = "the agent answers with something that this mlp does not know"


class AgentClient:
    """The agent that keeps a folder. No connection is kept between calls, so there is nothing to close.

    Every call raises Precondition (`platform_not_running`) where no agent answers, and the agent's own errors.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    def status(self, after: str | None = None, wait: float = 0.0) -> AgentDocument:
        """Return what the agent keeps; given the `change` of an earlier answer, as soon as that is another one.

        It waits for that `wait` seconds at most, and then returns what there is.
        """
        path = "/status" if after is None else f"/status?{urlencode({'after': after, 'wait': f'{wait:g}'})}"
        return document_in(self._call("GET", path, patience=wait), AgentDocument, _UNEXPECTED)

    def deployments(self) -> list[DeploymentDocument]:
        """Return every deployment."""
        return page_in(self._call("GET", "/deployments"), DeploymentDocument, _UNEXPECTED)[0]

    def deployment(self, name: str) -> DeploymentDocument:
        """Return one deployment. Raises NotFound (`deployment_not_found`)."""
        return document_in(self._call("GET", f"/deployments/{name}"), DeploymentDocument, _UNEXPECTED)

    def history(self, name: str) -> HistoryDocument:
        """Return what a deployment was asked to serve, the newest first. Raises NotFound (`deployment_not_found`)."""
        return document_in(self._call("GET", f"/deployments/{name}/history"), HistoryDocument, _UNEXPECTED)

    def events(self, name: str) -> list[EventDocument]:
        """Return what happened to a deployment, the newest first. Raises NotFound (`deployment_not_found`)."""
        return page_in(self._call("GET", f"/deployments/{name}/events"), EventDocument, _UNEXPECTED)[0]

    def why(self, name: str) -> WhyDocument:
        """Return why a deployment does not serve, or that it does. Raises NotFound (`deployment_not_found`)."""
        return document_in(self._call("GET", f"/deployments/{name}/why"), WhyDocument, _UNEXPECTED)

    def apply(self, deployment: ModelDeployment) -> DeploymentDocument:
        """Hand in a deployment and return it as it is kept. Raises Invalid (`immutable_field`, `reserved_name`)."""
        path = f"/deployments/{deployment.metadata.name}"
        return document_in(self._call("PUT", path, json.dumps(deployment.document())), DeploymentDocument, _UNEXPECTED)

    def delete(self, name: str) -> DeploymentDocument:
        """Delete a deployment and return it as it was. Raises NotFound (`deployment_not_found`)."""
        return document_in(self._call("DELETE", f"/deployments/{name}"), DeploymentDocument, _UNEXPECTED)

    def shutdown(self) -> None:
        """Tell the agent to end everything; it answers at once and goes on ending."""
        self._call("POST", "/shutdown")

    def handover(self) -> None:
        """Tell the agent to end and leave its processes to the next one; it answers at once."""
        self._call("POST", "/handover")

    def _call(self, method: str, path: str, body: str | None = None, patience: float = 0.0) -> bytes:
        connection = _Connection(self._home.socket, _TIMEOUT_SECONDS + patience)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            content = answer.read()
        except TimeoutError as error:
            raise DeadlineExceeded("the agent did not answer in time") from error
        except (OSError, HTTPException) as error:
            raise self._not_running() from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise refusal(answer.status, content)
        return content

    def _not_running(self) -> Precondition:
        words = "the local platform does not run; start it with 'mlp up --local'"
        if self._home.has_sockets_held():
            words = "the agent has ended, and what it kept may still answer: 'mlp up --local' takes it over"
        elif self._home.was_left():
            words = "the agent was killed, or the machine went down: 'mlp up --local' brings back what it kept"
        return Precondition(words, code="platform_not_running")


class _Connection(HTTPConnection):
    """HTTP to a socket of this machine. (httpx leaves its socket open where nothing listens.)"""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("agent", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
