"""Speaking to the agent of this machine, through the socket in the platform's folder."""

from __future__ import annotations

import socket

import httpx

from mlp.api.agent import AgentStatus
from mlp.api.deployment import ModelDeployment
from mlp.client.home import Home
from mlp.client.http import call
from mlp.errors import Precondition, Unavailable

_WHO = "the agent"
_TIMEOUT_SECONDS = 10.0


class AgentClient:
    """The agent that keeps a folder. No connection is kept between calls, so there is nothing to close.

    Every call raises Precondition (`platform_not_running`) where no agent answers, and the agent's own errors.
    """

    def __init__(self, home: Home) -> None:
        self._path = str(home.socket)
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=self._path, limits=httpx.Limits(max_keepalive_connections=0)),
            base_url="http://agent",
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,  # else a proxy named in the environment would be asked instead of the socket
        )

    def status(self) -> AgentStatus:
        """Return what the agent keeps."""
        return AgentStatus.model_validate_json(self._call("GET", "/status").content)

    def deployments(self) -> list[ModelDeployment]:
        """Return every deployment."""
        items = self._call("GET", "/deployments").json()["items"]
        return [ModelDeployment.model_validate(item) for item in items]

    def deployment(self, name: str) -> ModelDeployment:
        """Return one deployment. Raises NotFound (`deployment_not_found`)."""
        return self._deployment("GET", name)

    def apply(self, deployment: ModelDeployment) -> ModelDeployment:
        """Hand in a deployment and return it as it is kept. Raises Invalid (`immutable_field`, `reserved_name`)."""
        return self._deployment("PUT", deployment.metadata.name, deployment)

    def delete(self, name: str) -> ModelDeployment:
        """Delete a deployment and return it as it was. Raises NotFound (`deployment_not_found`)."""
        return self._deployment("DELETE", name)

    def shutdown(self) -> None:
        """Tell the agent to end everything; it answers at once and goes on ending."""
        self._call("POST", "/shutdown")

    def _deployment(self, method: str, name: str, given: ModelDeployment | None = None) -> ModelDeployment:
        body = None if given is None else given.document()
        return ModelDeployment.model_validate_json(self._call(method, f"/deployments/{name}", json=body).content)

    def _call(self, method: str, path: str, **options: object) -> httpx.Response:
        if not self._answers():
            raise _not_running()
        try:
            return call(self._http, _WHO, method, path, **options)
        except Unavailable as error:
            if error.code in ("connection_refused", "connection_lost"):
                raise _not_running() from error
            raise

    def _answers(self) -> bool:
        """Whether something listens on the socket; httpx leaves a socket open where nothing does."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(self._path) == 0


def _not_running() -> Precondition:
    return Precondition("the local platform does not run; start it with 'mlp up --local'", code="platform_not_running")
