"""What pages of docs/ say is proved, by tests that they name, is proved by tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("page", "least"), [("operator.md", 50), ("registry-reliability.md", 50), ("inference-reliability.md", 40)]
)
def test_every_test_that_a_page_names_exists(page, least):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", text))
    assert len(named) > least
    assert named - set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE)) == set()
