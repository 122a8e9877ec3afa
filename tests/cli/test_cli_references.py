"""References to versions: `iris`, `iris:2`, `iris@production`, and what is none."""

import pytest

from mlp.api.reference import ModelRef
from mlp.cli.aliases import named_alias
from mlp.cli.deployments import reference_of
from mlp.errors import Invalid


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("iris", ModelRef("iris")),
        ("iris:2", ModelRef("iris", version=2)),
        ("iris@production", ModelRef("iris", alias="production")),
        ("iris@latest", ModelRef("iris", alias="latest")),
    ],
)
def test_a_reference_is_read_and_written_alike(text, reference):
    assert ModelRef.parse(text) == reference
    assert str(reference) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Iris", "invalid_name"),
        ("iris@", "invalid_name"),
        ("iris@2", "invalid_name"),
        ("iris@../x", "invalid_name"),
        ("@production", "invalid_name"),
        ("iris@a@b", "invalid_name"),
        ("iris:", "invalid_version"),
        ("iris:0", "invalid_version"),
        ("iris:1.5", "invalid_version"),
        ("iris:" + "9" * 5_000, "invalid_version"),
        ("http://evil/iris", "invalid_version"),
        ("../iris", "invalid_name"),
        ("", "invalid_name"),
    ],
)
def test_what_is_no_reference_is_refused_in_few_words(text, code):
    with pytest.raises(Invalid) as refusal:
        ModelRef.parse(text)
    assert refusal.value.code == code
    assert len(refusal.value.message) < 250


@pytest.mark.parametrize(
    ("name", "option", "expected"),
    [
        ("iris", None, ("iris", None)),
        ("iris", "production", ("iris", "production")),
        ("iris:2", None, ("iris", "2")),
        ("iris@production", None, ("iris", "production")),
    ],
)
def test_a_version_is_said_beside_the_name_or_as_an_option(name, option, expected):
    assert reference_of(name, option) == expected


def test_a_version_is_said_once():
    with pytest.raises(Invalid, match="leave --version out"):
        reference_of("iris@production", "2")


@pytest.mark.parametrize("text", ["iris", "iris:2"])
def test_an_alias_is_asked_for_where_one_is_needed(text):
    with pytest.raises(Invalid, match="NAME@ALIAS"):
        named_alias(text)
