"""Every SQL statement of the registry: a file for each noun, and one transaction around what they do together."""

from __future__ import annotations

from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.registry.repository.aliases import Aliases
from mlp.registry.repository.blobs import Blobs
from mlp.registry.repository.deliveries import Deliveries
from mlp.registry.repository.dump import Dump
from mlp.registry.repository.events import Events
from mlp.registry.repository.models import Models
from mlp.registry.repository.notices import Notices
from mlp.registry.repository.tokens import Tokens
from mlp.registry.repository.uploads import Uploads
from mlp.registry.repository.uses import Uses
from mlp.registry.repository.versions import Versions
from mlp.registry.repository.webhooks import Webhooks


class Repository:
    """Rows within one transaction. With `tells`, what happens is put into the outbox of webhooks too."""

    def __init__(self, session: AsyncSession, *, tells: bool = False) -> None:
        self.models = Models(session)
        self.versions = Versions(session)
        self.aliases = Aliases(session)
        self.uses = Uses(session)
        self.uploads = Uploads(session)
        self.blobs = Blobs(session)
        self.tokens = Tokens(session)
        self.events = Events(session, tells=tells)
        self.webhooks = Webhooks(session)
        self.notices = Notices(session)
        self.deliveries = Deliveries(session)
        self.dump = Dump(session)
