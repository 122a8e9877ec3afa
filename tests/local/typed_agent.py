"""The agent's answers as the classes that it writes them with."""

from mlp.api.agent import AgentStatus
from mlp.api.deployment import ModelDeployment
from mlp.api.history import DeploymentEvent, Revision
from mlp.api.why import Why
from mlp.client.agent import AgentClient


class TypedAgent(AgentClient):
    """Asks as AgentClient does."""

    def status(self, *asked, **more) -> AgentStatus:
        return AgentStatus.model_validate(super().status(*asked, **more))

    def deployments(self) -> list[ModelDeployment]:
        return list(map(ModelDeployment.model_validate, super().deployments()))

    def deployment(self, name: str) -> ModelDeployment:
        return ModelDeployment.model_validate(super().deployment(name))

    def history(self, name: str) -> list[Revision]:
        return list(map(Revision.model_validate, super().history(name)["items"]))

    def damage(self, name: str) -> str | None:
        return super().history(name).get("damage")

    def events(self, name: str) -> list[DeploymentEvent]:
        return list(map(DeploymentEvent.model_validate, super().events(name)))

    def why(self, name: str) -> Why:
        return Why.model_validate(super().why(name))

    def apply(self, deployment: ModelDeployment) -> ModelDeployment:
        return ModelDeployment.model_validate(super().apply(deployment))
