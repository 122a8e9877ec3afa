"""`mlp context ls`."""

from __future__ import annotations

from mlp.cli.command import command
from mlp.cli.contexts import known_contexts
from mlp.cli.session import Session
from mlp.cli.table import Table


@command
def run(session: Session) -> None:
    """List the contexts of the kubeconfig; a star marks the one that is meant where none is named."""
    contexts = known_contexts()
    current = None if contexts.current is None else contexts.current.name
    usual = session.settings.context or current
    document = [
        {
            "name": each.name,
            "cluster": each.cluster,
            "namespace": each.namespace,
            "used": each.name == usual,
            "local": each.is_local,
            "allowed": each.is_local or each.name in session.settings.allowed_contexts,
        }
        for each in contexts.every
    ]
    rows = [
        (
            f"{each['name']}{'*' if each['used'] else ''}",
            each["cluster"],
            "of this machine" if each["local"] else "anywhere",
            "without being named" if each["allowed"] else "when named",
        )
        for each in document
    ]
    session.emit(document, lambda: Table(("NAME", "CLUSTER", "WHERE", "USED"), rows))
