"""Secrets stay where their owner put them: in no log, metric, answer, argument list, row, or file of the registry."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from databases import Databases
from guarded_registry import ADMIN, READ, bearer, guarded, http_as, make_token
from postgresql_server import Postgresql
from registry_process import SERVE, Registry, kill
from remains import CATALOG, rows_of
from sample_models import announce, code_of, linear_model, put

from mlp.api.token import Scope
from tests.object_store import Bucket, new_bucket

pytestmark = pytest.mark.timeout(300)  # a whole story is told before the first test

PASSWORD = "canary-of-the-database-password"
WRONG = "mlp_canary-of-a-token-that-is-none-" + "w" * 10
GUESSED = "canary-of-a-password-that-somebody-sends"


@dataclass
class Watcher:
    """Notes the argument list of every process of this machine, and the environment of judges, until it is stopped."""

    seen: set[bytes] = field(default_factory=set)
    judges: set[bytes] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self._stop.wait(0.1):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    self.seen.add(file.read_bytes())
                    if b"mlp.registry.check.template" in file.read_bytes():
                        self.judges.add(file.with_name("environ").read_bytes())

    def __enter__(self) -> Watcher:
        self._thread = threading.Thread(target=self.look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@dataclass
class Story:
    """A registry's life with everything that it was told in confidence, and all that it said."""

    registry: Registry
    bucket: Bucket
    given: dict[Path, str]
    """Files that hold a secret because their owner put it there."""
    answers: list[httpx.Response] = field(default_factory=list)
    metrics: str = ""
    rows: str = ""
    commands: set[bytes] = field(default_factory=set)
    judges: set[bytes] = field(default_factory=set)
    """The environments of the processes that judged models."""
    told: list[str] = field(default_factory=list)
    """What the command line printed."""
    tokens: list[str] = field(default_factory=list)

    @property
    def secrets(self) -> list[str]:
        return [ADMIN, READ, PASSWORD, WRONG, GUESSED, self.bucket.s3.secret_key, *self.tokens]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql, s3: Any) -> Story:
    folder = tmp_path_factory.mktemp("secrets")
    databases, bucket = Databases(postgresql), new_bucket(s3)
    keys = {"s3.access": s3.access_key, "s3.secret": s3.secret_key, "database.password": PASSWORD}
    for name, content in keys.items():
        (folder / name).write_text(content + "\n", "ascii")
    temporary = folder / "tmp"
    temporary.mkdir()
    settings = {
        "MLP_REGISTRY_STORE": f"s3://{bucket.name}",
        "MLP_REGISTRY_S3_ENDPOINT": s3.endpoint,
        "MLP_REGISTRY_S3_ACCESS_KEY_FILE": str(folder / "s3.access"),
        "MLP_REGISTRY_S3_SECRET_KEY_FILE": str(folder / "s3.secret"),
        "DATABASE_PASSWORD_FILE": str(folder / "database.password"),
        "TMPDIR": str(temporary),
    }
    url = databases.settings("secrets")["DATABASE_URL"].replace("postgres@", f"postgres:{PASSWORD}@")
    with Watcher() as watcher:
        registry = guarded(folder, **settings, DATABASE_URL=url)
        registry.command = SERVE  # whose argument list is looked at
        registry.start()
        given = {folder / name: content for name, content in keys.items()}
        story = Story(registry, bucket, given | {folder / "admin.token": ADMIN, folder / "read.token": READ})
        try:
            live(story)
            assert registry.stop() == 0
        finally:
            kill(registry)
            databases.forget()
            bucket.remove()
    story.commands, story.judges = watcher.seen, watcher.judges
    return story


def live(story: Story) -> None:
    """All goes well, then everything goes wrong."""
    registry, keep = story.registry, story.answers.append
    with http_as(registry, ADMIN) as http:
        story.tokens.append(make_token(http, "ci", Scope.WRITE))
        sample = linear_model()
        upload = announce(http, "iris", sample).json()["id"]
        keep(put(http, "iris", upload, sample.onnx, **bearer(story.tokens[0])))
        keep(http.get("/models/iris/versions/1/artifact"))
        for path in ("/models", "/tokens", "/events", "/whoami", "/openapi.json", "/health", "/ready", "/nothing"):
            keep(http.get(path))
        send_secrets(http, keep)
        command(story, "create", "by-command", "--scope", "read", "--to", str(registry.data.parent / "command.token"))
        command(story, "revoke", "by-command")
        story.rows = repr(rows_of(registry, *CATALOG, "SELECT * FROM uploads", "SELECT * FROM blobs"))
        fail(story, http, keep)
        story.metrics = http.get("/metrics").text


def send_secrets(http: httpx.Client, keep: Any) -> None:
    """Send secrets to every place where somebody may put them by mistake."""
    for header in (f"Bearer {WRONG}", f"Basic {GUESSED}", GUESSED, f"Bearer {WRONG} {GUESSED}"):
        keep(http.get("/models", headers={"Authorization": header}))
    for body in ({"name": GUESSED.upper()}, {"name": "ok", "password": GUESSED}, {"name": "ok", "tags": [GUESSED]}):
        keep(http.post("/models", json=body))
    keep(http.post("/tokens", json={"name": "own", "scope": "read", "token": GUESSED}))
    keep(http.post("/models", content=f'{{"name": "{GUESSED}', headers={"Content-Type": "application/json"}))
    for query in ("cursor", "search", "tag", "token", "access_token"):
        keep(http.get("/models", params={query: f"%{GUESSED}\x00"}))
    keep(http.get("/models", headers={"X-Request-Id": f"{GUESSED} {GUESSED}", "Cookie": GUESSED}))
    keep(http.get("/models", headers={"Host": f"{GUESSED}.example"}))


def command(story: Story, *arguments: str) -> None:
    folder = story.registry.data.parent
    spared = {name: value for name, value in os.environ.items() if not name.startswith("MLP_")}
    own = {"HOME": str(folder / "home"), "MLP_REGISTRY_URL": story.registry.url}
    own["MLP_REGISTRY_TOKEN_FILE"] = str(folder / "admin.token")
    command = (sys.executable, "-m", "mlp", "token", *arguments)
    ran = subprocess.run(command, env=spared | own, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    story.told.append(ran.stdout + ran.stderr)
    story.tokens[1:] = [(folder / "command.token").read_text("ascii").strip()]
    story.given[folder / "command.token"] = story.tokens[1]


def fail(story: Story, http: httpx.Client, keep: Any) -> None:
    """Take the bucket away, then the keys, then the database."""
    other = linear_model(3)
    upload = announce(http, "iris", other).json()["id"]
    story.bucket.remove()
    keep(put(http, "iris", upload, other.onnx))
    keep(http.get("/models/iris/versions/1/artifact"))
    (story.registry.data.parent / "s3.secret").write_text("", "ascii")
    keep(http.get("/ready"))
    keep(put(http, "iris", upload, other.onnx))
    (story.registry.data.parent / "s3.secret").write_text(story.bucket.s3.secret_key + "\n", "ascii")
    rows_of(story.registry, "ALTER TABLE models RENAME TO moved")
    for method, path in (("GET", "/models"), ("GET", "/models/iris"), ("DELETE", "/models/iris")):
        keep(http.request(method, path))
    rows_of(story.registry, "ALTER TABLE tokens RENAME TO moved_too")
    keep(http.get("/models", headers=bearer(WRONG)))
    keep(http.get("/tokens"))


def test_the_story_was_told_as_it_was_meant(story: Story) -> None:
    statuses = {answer.status_code for answer in story.answers}
    assert {200, 201, 400, 401, 404, 422, 503} <= statuses
    assert any("mlp.registry.check.template" in each.decode(errors="replace") for each in story.commands)
    assert any(b"token\0create" in each for each in story.commands)
    assert len(story.tokens) == 2


def test_no_secret_is_in_the_log(story: Story) -> None:
    log = story.registry.log()
    assert all(json.loads(line) for line in log.splitlines())
    assert [secret for secret in story.secrets if secret in log] == []


def test_no_secret_is_in_an_answer_or_a_metric(story: Story) -> None:
    said = "\n".join(f"{answer.headers} {answer.text}" for answer in story.answers) + story.metrics
    said += "".join(story.told)
    assert [secret for secret in story.secrets if secret in said] == []


def test_no_failure_tells_of_our_insides(story: Story) -> None:
    insides = ("Traceback", ".py", "/tmp", str(story.registry.data), "postgres", "SELECT", "INSERT", "sqlalchemy",
               "asyncpg", "minio", "urllib", story.bucket.name, story.bucket.s3.host, "moved", "relation")  # fmt: skip
    for answer in story.answers:
        if answer.status_code >= 400:
            assert code_of(answer)
            assert [word for word in insides if word in answer.text] == []


def test_no_secret_is_an_argument_of_a_process(story: Story) -> None:
    assert [secret for secret in story.secrets if any(secret.encode() in each for each in story.commands)] == []


def test_no_secret_reaches_the_process_that_runs_models(story: Story) -> None:
    assert story.judges
    assert [secret for secret in story.secrets if any(secret.encode() in each for each in story.judges)] == []


def test_no_secret_is_in_the_database(story: Story) -> None:
    assert "by-command" in story.rows
    assert [secret for secret in story.secrets if secret in story.rows] == []


def test_no_secret_is_in_a_file_that_its_owner_did_not_write(story: Story) -> None:
    files = [path for path in story.registry.data.parent.rglob("*") if path.is_file() and path not in story.given]
    assert len(files) >= 2
    for file in files:
        content = file.read_bytes()
        assert [secret for secret in story.secrets if secret.encode() in content] == [], file


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"DATABASE_URL": f"postgresql+asyncpg://u:{PASSWORD}@127.0.0.1:1/db"}, 3),
        ({"DATABASE_URL": f"postgresql+asyncpg://u:{PASSWORD}@127.0.0.1:{PASSWORD}/db"}, 2),
        ({"DATABASE_URL": f"postgresql+asyncpg://u:{PASSWORD}@127.0.0.1/db?sslmode={PASSWORD}"}, 3),
        ({"MLP_REGISTRY_STORE": "s3://bucket", "AWS_SECRET_ACCESS_KEY": PASSWORD}, 2),
    ],
)
def test_a_start_that_fails_keeps_the_secret(tmp_path: Path, settings: dict[str, str], code: int) -> None:
    registry = guarded(tmp_path, MLP_REGISTRY_DATABASE_WAIT_SECONDS="0", **settings)
    assert registry.launch() == code
    assert registry.log_lines()[-1]["level"] == "error"
    assert PASSWORD not in registry.log()
