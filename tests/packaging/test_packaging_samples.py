"""A sample in any form gives the same rows, and what is wrong with one is said in words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import CategoricalNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from mlp.api.receipt import SampleKind
from mlp.errors import Invalid, NotFound, Unsupported
from mlp.packaging import package
from mlp.packaging.table import Table, read_table, table_of

ROWS = pd.DataFrame({"age": [31, 45, 28], "plan": ["basic", None, "pro"], "fee": [9.5, 80.25, None]})


def written(folder: Path, name: str) -> Path:
    """Write the rows to a file whose format is that of its suffix."""
    path = folder / name
    records = json.loads(ROWS.to_json(orient="records"))
    match path.suffix:
        case ".csv":
            ROWS.to_csv(path, index=False)
        case ".parquet":
            ROWS.to_parquet(path)
        case ".json":
            path.write_text(json.dumps({"records": records} if "body" in name else records))
    return path


@pytest.mark.parametrize("name", ["rows.csv", "rows.json", "body.json", "rows.parquet"])
def test_every_format_with_names_gives_the_same_table(tmp_path, name):
    table = read_table(written(tmp_path, name))
    assert table.named
    assert table.frame.columns.tolist() == ["age", "plan", "fee"]
    assert table.frame["fee"].tolist()[:2] == [9.5, 80.25]
    assert table.frame.isna().sum().tolist() == [0, 1, 1]


def test_rows_without_names_are_known_by_position(tmp_path):
    numbers = np.array([[1.0, 2.5], [3.0, 4.5]])
    np.save(tmp_path / "rows.npy", numbers)
    np.savetxt(tmp_path / "rows.csv", numbers, delimiter=",")
    (tmp_path / "rows.json").write_text(json.dumps(numbers.tolist()))
    for name in ("rows.npy", "rows.csv", "rows.json"):
        table = read_table(tmp_path / name)
        assert not table.named
        assert table.frame.to_numpy().tolist() == numbers.tolist()


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    (tmp_path / "rows.csv").write_bytes(b"\xef\xbb\xbfage,fee\n1,2\n")
    assert read_table(tmp_path / "rows.csv").frame.columns.tolist() == ["age", "fee"]


def test_objects_of_a_notebook_become_the_same_table():
    records = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    for rows in (records, pd.DataFrame(records, index=[7, 3]), Table(pd.DataFrame(records), named=True)):
        table = table_of(rows)
        assert table.frame.to_dict(orient="records") == records
        assert table.frame.index.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("rows.xlsx", b"", "unsupported_format"),
        ("rows.csv", b"", "empty_sample"),
        ("rows.csv", b"age,fee\n", "empty_sample"),
        ("rows.csv", b"age,age\n1,2\n", "duplicate_column"),
        ("rows.csv", b"age,fee\n1,2,3,4\n5,6\n", "unreadable_file"),
        ("rows.csv", b"\xff\xfe\x00age", "unreadable_file"),
        ("rows.json", b"[]", "empty_sample"),
        ("rows.json", b"{", "unreadable_file"),
        ("rows.json", b'"text"', "invalid_sample"),
        ("rows.json", b"[[1, 2], [3]]", "invalid_sample"),
        ("rows.json", b'[{"a": 1}, [2]]', "invalid_sample"),
        ("rows.json", b"{}", "invalid_sample"),
        ("rows.npy", b"not numpy", "unreadable_file"),
        ("rows.parquet", b"not parquet", "unreadable_file"),
    ],
)
def test_a_file_that_holds_no_rows_is_refused(tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    with pytest.raises((Invalid, Unsupported)) as refused:
        read_table(tmp_path / name)
    assert refused.value.code == code


def test_a_pickle_in_an_array_file_is_not_opened(tmp_path):
    np.save(tmp_path / "rows.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(Invalid) as refused:
        read_table(tmp_path / "rows.npy")
    assert refused.value.code == "unreadable_file"


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFound) as refused:
        read_table(tmp_path / "rows.csv")
    assert refused.value.code == "file_not_found"


def test_parquet_without_pyarrow_says_what_to_install(tmp_path):
    path = written(tmp_path, "rows.parquet")
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "import pathlib, importlib.util\n"
        "from mlp.errors import Precondition\n"
        "from mlp.packaging.table import read_table\n"
        f"try: read_table(pathlib.Path({str(path)!r}))\n"
        "except Precondition as error: print(error.code, error.details, error.message)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.startswith("missing_module {'module': 'pyarrow'}")
    assert "mlp[parquet]" in said


@pytest.fixture(scope="module")
def named(iris) -> LogisticRegression:
    return LogisticRegression(max_iter=500).fit(*iris)


@pytest.fixture(scope="module")
def unnamed(iris) -> LogisticRegression:
    return LogisticRegression(max_iter=500).fit(iris[0].to_numpy(), iris[1])


def test_columns_are_found_by_name_in_any_order(named, iris):
    rows = iris[0]
    assert package(named, sample=rows[rows.columns[::-1]]).digest == package(named, sample=rows).digest


def test_a_sample_gives_names_to_a_model_without(unnamed, iris):
    built = package(unnamed, sample=iris[0])
    assert built.manifest.signature.names == tuple(iris[0].columns)
    assert package(unnamed, sample=iris[0].to_numpy()).manifest.signature.names == ("x0", "x1", "x2", "x3")


def test_a_model_gives_its_names_to_a_sample_without(named, iris):
    built = package(named, sample=iris[0].to_numpy())
    assert built.manifest.signature.names == tuple(iris[0].columns)


def test_missing_and_extra_columns_are_named_with_a_guess(named, iris):
    rows = iris[0].rename(columns={"petal_width": "petal_with"}).assign(colour="blue")
    with pytest.raises(Invalid) as refused:
        package(named, sample=rows)
    assert refused.value.code == "sample_columns"
    assert "'petal_width' is missing (is it 'petal_with'?)" in refused.value.message
    assert refused.value.details["extra"] == ["petal_with", "colour"]


def test_a_sample_of_another_width_is_refused(unnamed, iris):
    for rows in (iris[0].iloc[:, :3], iris[0].to_numpy()[:, :3]):
        with pytest.raises(Invalid) as refused:
            package(unnamed, sample=rows)
        assert refused.value.code == "sample_width"


@pytest.mark.parametrize("rows", [np.zeros((0, 4)), [], np.zeros(4), np.zeros((2, 2, 2)), "rows", 7])
def test_what_holds_no_rows_is_refused(unnamed, rows):
    with pytest.raises(Invalid) as refused:
        package(unnamed, sample=rows)
    assert refused.value.code in ("empty_sample", "invalid_sample")


def test_an_infinite_value_is_refused_by_its_column(unnamed, iris):
    rows = iris[0].copy()
    rows.iloc[7, 2] = np.inf
    with pytest.raises(Invalid) as refused:
        package(unnamed, sample=rows)
    assert refused.value.code == "infinite_value"
    assert "petal_length" in refused.value.message


def test_a_gap_that_the_estimator_cannot_take_is_refused(unnamed, iris):
    rows = iris[0].copy()
    rows.iloc[7, 2] = np.nan
    with pytest.raises(Invalid) as refused:
        package(unnamed, sample=rows)
    assert refused.value.code == "sample_refused"
    assert "NaN" in refused.value.message


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeClassifier(max_depth=3, random_state=0),
        RandomForestClassifier(5, random_state=0),
        ExtraTreesClassifier(5, random_state=0),
        HistGradientBoostingClassifier(max_iter=5, random_state=0),
        BaggingClassifier(DecisionTreeClassifier(max_depth=3), 5, random_state=0),
        make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_a_gap_goes_the_way_that_the_trees_learned(estimator, iris, served):
    rows = iris[0].copy()
    rows.iloc[::7, 2] = np.nan
    built = package(estimator.fit(rows, iris[1]), sample=rows)
    assert [feature.nullable for feature in built.manifest.signature.inputs] == [False, False, True, False]
    assert None in [row[2] for row in built.manifest.receipt.golden.features]
    assert served(built) == 32


def test_ranges_are_those_of_the_sample(named, iris):
    petal = package(named, sample=iris[0]).manifest.signature.inputs[2]
    assert (petal.minimum, petal.maximum) == (1.0, 6.9)


def test_a_large_sample_is_compared_in_part_and_over_its_whole_length(unnamed, iris):
    many = pd.concat([iris[0]] * 80, ignore_index=True).sort_values("petal_length", ignore_index=True)
    built = package(unnamed, sample=many)
    assert built.manifest.receipt.rows == 10_000
    assert built.manifest.signature.inputs[2].maximum == 6.9
    assert any("10,000 of the 12,000" in note for note in built.notes)


def test_without_a_sample_rows_are_made_and_the_push_says_so(named):
    built = package(named)
    assert built.manifest.receipt.sample is SampleKind.DERIVED
    assert built.manifest.receipt.rows == 512
    assert any("no sample" in note for note in built.notes)
    assert all(feature.minimum is None for feature in built.manifest.signature.inputs)


def test_where_no_rows_can_be_made_a_sample_is_asked_for(iris):
    counted = CategoricalNB().fit(iris[0].round().astype(int).to_numpy(), iris[1])
    with pytest.raises(Invalid) as refused:
        package(counted)
    assert refused.value.code == "sample_needed"
