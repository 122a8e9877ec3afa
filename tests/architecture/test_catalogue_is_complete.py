"""What commands can meet is in the catalogue, or has a reason not to be."""

import re
from pathlib import Path

import mlp
from mlp.cli.catalogue import KNOWN
from mlp.inference.failure import _BY_CODE, _BY_KIND
from mlp.registry import handlers

ROOT = Path(mlp.__file__).parent
PARTS = ("cli", "client", "packaging", "targets", "local")


def codes_of(part: str) -> set[str]:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / part).rglob("*.py"))
    return {code for text in sources for code in re.findall(r'\bcode="([a-z_]+)"', text)}


def test_every_code_that_a_command_raises_is_explained():
    raised = set().union(*map(codes_of, PARTS))
    assert len(raised) > 50
    # Rows are checked before they reach these; who meets one has met a fault in mlp.
    inner = {"invalid_row", "invalid_output", "invalid_receipt", "internal"}
    assert raised - set(KNOWN) - inner == set()


def test_every_code_that_the_registry_answers_or_ends_with_is_explained():
    answered = codes_of("registry") | set(handlers._BY_CODE)
    assert len(answered) > 50
    assert answered - set(KNOWN) == set()


def test_every_reason_why_a_server_does_not_start_is_explained():
    reasons = {*_BY_CODE.values(), *(reason for _, reason in _BY_KIND), "InternalError"}
    assert reasons <= set(KNOWN)


def test_every_fault_of_the_registrys_database_is_explained():
    raised = codes_of("registry/database") | codes_of("registry/migrations")
    assert len(raised) > 4
    assert raised - set(KNOWN) == set()


def test_every_fault_that_the_operator_finds_is_explained():
    files = [*(ROOT / "controller").rglob("*.py"), ROOT / "kube" / "faults.py"]
    sources = (path.read_text(encoding="utf-8") for path in files)
    found = {word for text in sources for word in re.findall(r'(?:Problem|Unresolved|_Ended)\(\s*"([A-Z]\w+)"', text)}
    found |= {"ModelNotFound", "VersionNotReady", "ResourceConflict", "QuotaExceeded", "Rejected"}
    assert len(found) > 12
    passing = {"Resolving", "Replacing"}
    assert found - passing - set(KNOWN) == set()
