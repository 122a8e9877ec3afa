"""`--fields` takes what a person reads in the table, and what `-o json` has."""

import json

import pytest

from mlp.cli.selection import selected
from mlp.cli.table import Table
from mlp.errors import Invalid
from tests.cli.conftest import deploy

TABLES = [
    ["status"],
    ["status", "iris"],
    ["history", "iris"],
    ["model", "ls"],
    ["model", "ls", "iris"],
    ["config", "view"],
    ["explain"],
    ["doctor"],
]


@pytest.mark.parametrize("words", TABLES, ids=" ".join)
def test_every_column_of_a_table_is_a_field(mlp, platform, words):
    shown = mlp(*words).out.splitlines()
    header = next(line for line in shown if line.isupper() and "   " in line)
    names = [name.strip().lower().replace(" ", "_") for name in header.split("   ") if name.strip()]
    ran = mlp(*words, "--fields", ",".join(names))
    assert (ran.code, ran.out.splitlines()[0].split()) == (0, [name.upper() for name in names])
    document = json.loads(mlp(*words, "--fields", ",".join(names), "-o", "json").out)
    first = document[0] if isinstance(document, list) else document
    assert list(first) == names


def test_columns_of_the_overview_are_chosen_by_name_and_a_wrong_one_is_told_with_all(mlp, platform):
    deploy(platform, 9, "broken")
    assert mlp("status", "--fields", "name,ready").out.splitlines()[1:] == [
        "iris     True",
        "broken   GoldenRowsFailed",
    ]
    chosen = json.loads(mlp("status", "--fields", "NAME,serves", "-o", "json").out)
    assert chosen[1] == {"name": "broken", "serves": None}
    assert mlp("status", "--fields", "registry.ready").out == "REGISTRY.READY\nTrue\n"
    wrong = mlp("status", "--fields", "nme")
    assert wrong.code == 2
    assert "(did you mean name?)" in wrong.err
    assert (
        "there are: target, registry, processes, deployments, damaged, name, model, ready, serves, url, restarts, age"
        in wrong.err
    )
    both = mlp("status", "--fields", "name,registry")
    assert both.code == 2
    assert "not both" in both.err


def test_columns_stand_beside_the_fields_of_each_document_which_go_first():
    table = Table(("NAME", "LAST USED"), [("a", "-"), ("b", "2d ago")])
    documents = [{"name": "a!", "scope": "read"}, {"name": "b!", "scope": "write"}]
    assert selected(documents, "last_used,name,scope", table) == [
        {"last_used": None, "name": "a!", "scope": "read"},
        {"last_used": "2d ago", "name": "b!", "scope": "write"},
    ]
    with pytest.raises(Invalid, match="there are: name, scope, last_used"):
        selected(documents, "colour", table)


def test_of_nothing_any_field_is_nothing(mlp, platform):
    platform.deployments.clear()
    assert mlp("status").out.splitlines()[1:] == ["nothing is deployed"]
    ran = mlp("status", "--fields", "name,url", "-o", "json")
    assert (ran.code, ran.out) == (0, "[]\n")
