"""What the command line says about a cluster, before one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlp.errors import Refused


def refuse(question: str) -> None:
    """Answer a question that nobody can be asked."""
    raise Refused(question, code="context_not_named")


@dataclass(frozen=True)
class ClusterOptions:
    """Flags as they were typed."""

    context: str | None = None
    """`--context`: a context of the kubeconfig; else the current one, if that is a cluster of this machine."""
    usual_context: str | None = None
    """The context that is meant where none is named; else the kubeconfig's current one."""
    allowed: frozenset[str] = frozenset()
    """Contexts that need not be named, besides those of clusters of this machine."""
    namespace: str | None = None
    s3_endpoint: str | None = None
    s3_bucket: str | None = None
    database_url: str | None = None
    only: str | None = None
    image_registry: str | None = None
    confirm: Callable[[str], None] = refuse
    """Asks a person about a context that was not named; raises Refused unless the answer is yes."""

    def for_installing(self) -> list[str]:
        """Return the names of flags that were given and mean something for installing on a cluster alone."""
        flags = {
            "--s3-endpoint": self.s3_endpoint,
            "--s3-bucket": self.s3_bucket,
            "--database-url": self.database_url,
            "--only": self.only,
            "--image-registry": self.image_registry,
        }
        return [flag for flag, value in flags.items() if value is not None]
