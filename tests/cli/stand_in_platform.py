"""A local platform without its processes: an agent's socket, a registry and a model server that answer from memory.

It speaks the documents of `mlp.api`, so that commands run against it in this process, in milliseconds.
"""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from mlp import __version__
from mlp.api.agent import AgentStatus, DamagedDeployment, ProcessStatus
from mlp.api.deployment import Condition, ConditionType, ModelDeployment, Status
from mlp.api.history import Revision
from mlp.api.kind import AUTHOR_ANNOTATION, CAUSE_ANNOTATION
from mlp.api.model import ModelVersion, version_digest
from mlp.api.receipt import GoldenRows, Receipt, SampleKind
from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task
from mlp.api.why import Link, Why
from mlp.api.wire import sha256_of

FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
CLASSES = ("setosa", "versicolor", "virginica")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
FAILING = 9
"""A version that never becomes ready."""


def signature(*names: str) -> Signature:
    inputs = tuple(Feature(name=name, dtype=DType.FLOAT32, tensor="X", minimum=0, maximum=8) for name in names)
    outputs = Outputs(task=Task.CLASSIFICATION, prediction="label", probabilities="p", classes=CLASSES)
    return Signature(inputs=inputs, layout=Layout.MATRIX, outputs=outputs)


def receipt(*labels: str) -> Receipt:
    rows = tuple((5.0 + row, 3.5, 1.4, 0.2) for row in range(len(labels)))
    chances = tuple(tuple(0.9 if name == label else 0.05 for name in CLASSES) for label in labels)
    golden = GoldenRows(features=rows, predictions=labels, probabilities=chances) if labels else None
    return Receipt(sample=SampleKind.GIVEN, rows=150, label_agreement=1.0, max_abs_diff=2e-7, golden=golden)


class Platform:
    """What the stand-ins know; tests change it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.change = 1
        self.blobs: dict[str, bytes] = {}
        self.versions: dict[tuple[str, int], ModelVersion] = {}
        self.aliases: dict[str, dict[str, int]] = {}
        self.deployments: dict[str, ModelDeployment] = {}
        self.revisions: dict[str, list[Revision]] = {}
        self.asked: list[str] = []
        self.url = ""
        self.says: bytes | None = None
        """What the agent says whatever it is asked, where that is set."""
        self.damaged: list[DamagedDeployment] = []
        self.damage: str | None = None
        """What the agent says that it cannot read of a history."""
        self.watching = 0
        """How often somebody has asked to be told of the next change."""

    def push(self, name: str, version: int, blob: bytes, sign: Signature, proof: Receipt) -> None:
        digest = sha256_of(blob)
        self.blobs[digest] = blob
        self.versions[name, version] = ModelVersion(
            name=name,
            version=version,
            digest=version_digest(digest, sign, proof),
            sha256=digest,
            size=len(blob),
            signature=sign,
            receipt=proof,
            created_at=BEGIN,
        )

    def deploy(self, given: ModelDeployment) -> ModelDeployment:
        name, version = given.metadata.name, given.spec.model_version
        earlier = self.deployments.get(name)
        generation = 1 if earlier is None else (earlier.metadata.generation or 0) + (earlier.spec != given.spec)
        fails = version == FAILING
        served = earlier.status.served_version if fails and earlier and earlier.status else version
        reason, words = ("GoldenRowsFailed", "row 3 differs") if fails else ("Serving", f"version {version} answers")
        conditions = tuple(
            Condition(
                type=type_,
                status="True" if holds else "False",
                reason=reason,
                message=words,
                last_transition_time=BEGIN,
                observed_generation=generation,
            )
            for type_, holds in ((ConditionType.READY, not fails), (ConditionType.DEGRADED, fails))
        )
        meta = given.metadata.model_copy(update={"generation": generation, "creation_timestamp": BEGIN})
        status = Status(
            observed_generation=generation,
            replicas=1,
            ready_replicas=1,
            url=f"{self.url}/servers/{name}",
            served_version=None if fails and earlier is None else served,
            conditions=conditions,
        )
        kept = given.model_copy(update={"metadata": meta, "status": status})
        self._remember(kept, fails)
        self.deployments[name] = kept
        self.tell()
        return kept

    def _remember(self, kept: ModelDeployment, fails: bool) -> None:
        revisions = self.revisions.setdefault(kept.metadata.name, [])
        if revisions and revisions[0].spec == kept.spec:
            return
        revisions[:] = [each.model_copy(update={"current": False}) for each in revisions]
        number = len(revisions) + 1
        revisions.insert(
            0,
            Revision(
                number=number,
                model=kept.spec.model_name,
                version=kept.spec.model_version,
                spec=kept.spec,
                at=BEGIN + timedelta(minutes=number),
                cause=kept.metadata.annotations.get(CAUSE_ANNOTATION),
                by=kept.metadata.annotations.get(AUTHOR_ANNOTATION),
                outcome="failed" if fails else "succeeded",
                reason="GoldenRowsFailed" if fails else "Serving",
                current=True,
            ),
        )

    def wait_for_watchers(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.watching >= count, 20)

    def tell(self) -> None:
        with self.changed:
            self.change += 1
            self.changed.notify_all()

    def status(self) -> AgentStatus:
        registry = ProcessStatus(name="registry", state="ready", pid=1, port=1)
        deployments = list(self.deployments.values())
        servers = [ProcessStatus(name=each.metadata.name, state="ready", pid=2, port=2) for each in deployments]
        return AgentStatus(
            version=__version__,
            pid=1,
            started_at=BEGIN,
            change=str(self.change),
            registry_url=self.url,
            registry_ready=True,
            processes=[registry, *servers],
            deployments=deployments,
            damaged=self.damaged,
        )

    def why(self, name: str) -> Why:
        deployment = self.deployments[name]
        fails = deployment.spec.model_version == FAILING
        spec = deployment.spec
        link = Link(kind="deployment", name=name, state="Degraded" if fails else "Ready", at=BEGIN)
        wanted = Link(kind="version", name=f"{spec.model_name}:{spec.model_version}", state="wanted")
        process = Link(kind="process", name="2", state="ended", reason="GoldenRowsFailed", message="row 3 differs")
        return Why(
            name=name,
            ok=not fails,
            settled=True,
            links=[link, wanted, process] if fails else [link, wanted],
            reason="GoldenRowsFailed" if fails else None,
            message="row 3 differs" if fails else "",
            version=spec.model_version,
            served_version=deployment.status.served_version if deployment.status else None,
            log=["loading", "row 3 differs"] if fails else [],
        )


def running(home: Path) -> tuple[Platform, Callable[[], None]]:
    """Start the stand-ins of one platform in the folder `home`; return what they know, and what ends them."""
    platform = Platform()
    home.mkdir(parents=True, exist_ok=True)
    known = {"platform": platform}
    agent = _UnixServer(str(home / "agent.sock"), type("Agent", (_Agent,), known))
    web = _Web(("127.0.0.1", 0), type("Services", (_Services,), known))
    platform.url = f"http://127.0.0.1:{web.server_address[1]}"
    for server in (agent, web):
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def end() -> None:
        for server in (agent, web):
            server.shutdown()
            server.server_close()

    return platform, end


class _UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class _Web(ThreadingHTTPServer):
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    platform: Platform

    def log_message(self, *_: object) -> None:
        pass

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, document: Any, status: int = 200) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, code: str, message: str, status: int = 404) -> None:
        self.answer({"error": {"code": code, "message": message, "request_id": "r1"}}, status)


class _Agent(_Handler):
    def address_string(self) -> str:
        return "agent"

    def do_GET(self) -> None:
        if self.platform.says is not None:
            self.answer(self.platform.says)
        else:
            self._tell(*self.path.split("?"))

    def _tell(self, path: str, query: str = "") -> None:
        if path == "/status":
            after = re.search(r"after=(\w+)", query)
            with self.platform.changed:
                if after is not None:
                    self.platform.watching += 1
                    self.platform.changed.notify_all()
                    self.platform.changed.wait_for(lambda: str(self.platform.change) != after[1], 10)
            return self.answer(self.platform.status().document())
        if path == "/deployments":
            return self.answer({"items": [each.document() for each in self.platform.deployments.values()]})
        _, _, name, *more = path.split("/")
        if name not in self.platform.deployments:
            return self.refuse("deployment_not_found", f"there is no deployment {name!r}")
        match more:
            case ["history"]:
                items = self.platform.revisions.get(name, [])
                return self.answer({"items": [each.document() for each in items], "damage": self.platform.damage})
            case ["why"]:
                return self.answer(self.platform.why(name).document())
        return self.answer(self.platform.deployments[name].document())

    def do_PUT(self) -> None:
        self.answer(self.platform.deploy(ModelDeployment.model_validate_json(self.body())).document())

    def do_DELETE(self) -> None:
        name = self.path.rpartition("/")[2]
        if name not in self.platform.deployments:
            return self.refuse("deployment_not_found", f"there is no deployment {name!r}")
        self.answer(self.platform.deployments.pop(name).document())
        return self.platform.tell()


class _Services(_Handler):
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.platform.asked.append(self.path)
        match self.path.partition("?")[0].strip("/").split("/"):
            case ["models"]:
                names = sorted({name for name, _ in self.platform.versions})
                self.answer({"items": [self._model(name) for name in names]})
            case ["models", name] if any(each == name for each, _ in self.platform.versions):
                self.answer(self._model(name))
            case ["models", name, "versions"]:
                found = sorted((key for key in self.platform.versions if key[0] == name), reverse=True)
                self.answer({"items": [self._summary(*key) for key in found]})
            case ["models", name, "versions", number] if (name, int(number)) in self.platform.versions:
                self.answer(self.platform.versions[name, int(number)].model_dump(mode="json"))
            case ["models", name, "versions", number, "artifact"]:
                self.answer(self.platform.blobs[self.platform.versions[name, int(number)].sha256])
            case ["models", name, "aliases", alias]:
                self._alias(name, alias)
            case ["servers", name, "ready"]:
                self.answer({"status": "ready", "version": self._metadata(name)["version"], "digest": "d" * 64})
            case ["servers", name, "metadata"]:
                self.answer(self._metadata(name))
            case ["models", name, *version]:
                words = f"model {name!r} has no version {version[-1]}" if version else f"there is no model {name!r}"
                self.refuse(f"{'version' if version else 'model'}_not_found", words)
            case _:
                self.answer({"status": "ok"})

    def _alias(self, name: str, alias: str) -> None:
        number = self.platform.aliases.get(name, {}).get(alias)
        if number is None:
            return self.refuse("alias_not_found", f"model {name} has no alias {alias!r}")
        return self.answer({"model": name, "name": alias, "version": number, "updated_at": BEGIN.isoformat()})

    def do_POST(self) -> None:
        self.platform.asked.append(self.path)
        if self.path == "/gc":
            self.body()
            nothing = {"unused": [], "unused_count": 0, "unused_bytes": 0, "damaged": [], "damaged_count": 0}
            return self.answer({"dry_run": True, **nothing})
        name = self.path.split("/")[2]
        request = json.loads(self.body())
        if not self.path.endswith("/predict"):
            return self.refuse("not_found", "there is no such route")
        rows = request.get("records") or request["features"]
        document = {"predictions": ["setosa"] * len(rows), "model": self._served(name)}
        if request.get("return_probabilities"):
            document |= {"probabilities": [[0.9, 0.05, 0.05]] * len(rows), "classes": list(CLASSES)}
        return self.answer(document)

    def _served(self, name: str) -> dict[str, Any]:
        deployment = self.platform.deployments[name]
        status = deployment.status
        return {"name": deployment.spec.model_name, "version": status.served_version if status else None}

    def _metadata(self, name: str) -> dict[str, Any]:
        served = self._served(name)
        version = self.platform.versions[served["name"], served["version"]]
        sign = version.signature.model_dump(mode="json")
        return {**served, "digest": version.digest, "signature": sign, "receipt": {}, "server": {}}

    def _model(self, name: str) -> dict[str, Any]:
        latest = max(number for each, number in self.platform.versions if each == name)
        times = {"created_at": BEGIN.isoformat(), "updated_at": BEGIN.isoformat()}
        return {"name": name, "latest_version": latest, "aliases": self.platform.aliases.get(name, {}), **times}

    def _summary(self, name: str, number: int) -> dict[str, Any]:
        version = self.platform.versions[name, number]
        facts = {"digest": version.digest, "size": version.size, "task": "classification"}
        return {"name": name, "version": number, **facts, "created_at": BEGIN.isoformat()}
