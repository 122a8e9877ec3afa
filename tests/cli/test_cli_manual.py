"""What is written of the commands is what they are."""

from __future__ import annotations

from mlp.cli.completion.grammar import WORDS
from mlp.cli.manual import PAGE, page, words


def test_the_page_is_made_of_the_commands():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m mlp.cli.manual"


def test_the_table_of_completion_is_made_of_the_commands():
    assert WORDS.read_text(encoding="utf-8") == words(), "run: python -m mlp.cli.manual"
