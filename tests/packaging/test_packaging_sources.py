"""Opening what a user names: pickles, references, and all that can be wrong with them."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import joblib
import pytest
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mlp.api.receipt import SampleKind
from mlp.errors import DeadlineExceeded, Failed, Invalid, MlpError, NotFound, Precondition, Unproved, Unsupported
from mlp.packaging import Annotations, PackageRequest, SourceKind, package, package_in_child
from mlp.packaging.child import Report, without_secrets
from mlp.packaging.presence import check_present
from mlp.packaging.steps import package_source


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.fixture
def fitted(iris) -> LogisticRegression:
    return LogisticRegression(max_iter=500).fit(*iris)


def refusal_of(source: str, **options: object) -> MlpError:
    with pytest.raises(MlpError) as refused:
        package_source(PackageRequest(source=source, **options))
    return refused.value


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("models/iris.joblib", SourceKind.PICKLE),
        ("iris.PKL", SourceKind.PICKLE),
        ("iris.onnx", SourceKind.ONNX),
        ("train:model", SourceKind.REFERENCE),
        ("company.models:iris.best", SourceKind.REFERENCE),
    ],
)
def test_the_form_of_a_source_says_what_it_is(source, kind):
    assert SourceKind.of(source) is kind


@pytest.mark.parametrize("source", ["iris", "iris.h5", "train:", ":model", "train.py:model()", ""])
def test_any_other_form_is_refused(source):
    with pytest.raises(Unsupported) as refused:
        SourceKind.of(source)
    assert refused.value.code == "unsupported_source"


def test_a_pickle_packaged_in_a_child_is_what_the_estimator_itself_gives(here, fitted, iris):
    joblib.dump(fitted, "iris.joblib")
    iris[0].to_csv("rows.csv", index=False)
    request = PackageRequest(
        source="iris.joblib",
        sample=Path("rows.csv"),
        golden=8,
        annotations=Annotations(metrics={"accuracy": 0.97}, tags={"team": "flowers"}, description="Fisher's"),
    )
    built = package_in_child(request, os.environ)
    assert built.digest == package(fitted, sample=iris[0], golden=8).digest
    assert built.manifest.metrics == {"accuracy": 0.97}
    assert built.manifest.tags == {"team": "flowers"}
    assert built.manifest.description == "Fisher's"
    assert built.manifest.source.estimator == "sklearn.linear_model.LogisticRegression"
    assert any("8 rows of the sample" in note for note in built.notes)


def test_the_child_holds_no_secret_and_its_chatter_spoils_nothing(here, fitted, iris):
    """What the model's code finds in the environment, and prints, is written down by the module itself."""
    joblib.dump(fitted, "iris.joblib")
    Path("train.py").write_text(
        textwrap.dedent(
            """
            import json, os, joblib
            print("training …", flush=True)
            os.system("echo from a process of the model")
            json.dump(dict(os.environ), open("environment.json", "w"))
            model = joblib.load("iris.joblib")
            """
        ),
        encoding="utf-8",
    )
    secrets = {
        "MLP_REGISTRY_TOKEN": "a",
        "MLP_REGISTRY_TOKEN_FILE": "b",
        "AWS_SECRET_ACCESS_KEY": "c",
        "DB_PASSWORD": "d",
    }
    built = package_in_child(PackageRequest(source="train:model"), {**os.environ, **secrets, "COLOUR": "blue"})
    assert built.manifest.receipt.sample is SampleKind.DERIVED
    seen = json.loads(Path("environment.json").read_text())
    assert seen["COLOUR"] == "blue"
    assert not secrets.keys() & seen.keys()


def test_a_failure_crosses_the_border_with_code_and_facts(here, fitted, iris):
    joblib.dump(fitted, "iris.joblib")
    iris[0].rename(columns={"petal_width": "petal_with"}).to_csv("rows.csv", index=False)
    with pytest.raises(Invalid) as refused:
        package_in_child(PackageRequest(source="iris.joblib", sample=Path("rows.csv")), os.environ)
    assert refused.value.code == "sample_columns"
    assert refused.value.details == {"missing": ["petal_width"], "extra": ["petal_with"]}


def test_a_child_that_dies_without_a_word_is_a_failure_that_says_how(here):
    Path("train.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    with pytest.raises(Failed) as died:
        package_in_child(PackageRequest(source="train:model"), os.environ)
    assert died.value.code == "packaging_crashed"
    assert signal.SIGKILL.name in died.value.message


def test_a_child_that_never_ends_is_ended(here):
    Path("train.py").write_text("import time\nprint('begun', flush=True)\ntime.sleep(600)\n")
    with pytest.raises(DeadlineExceeded) as late:
        package_in_child(PackageRequest(source="train:model"), os.environ, timeout=1)
    assert late.value.code == "packaging_timeout"


def test_secrets_are_known_by_their_names():
    kept = {"PATH": "/bin", "HOME": "/", "MLP_HOME": "x", "MLP_REGISTRY_URL": "u", "PYTHONPATH": "p"}
    dropped = ["MLP_REGISTRY_TOKEN", "MLP_REGISTRY_TOKEN_FILE", "MLP_API_KEYS_FILE", "GITHUB_TOKEN", "DATABASE_URL"]
    assert without_secrets({**kept, **dict.fromkeys(dropped, "s")}) == kept


@pytest.mark.parametrize("kind", [Invalid, Unsupported, NotFound, Precondition, Unproved, Failed])
def test_every_failure_is_the_same_after_a_report(kind):
    error = kind("words", code="a_code", details={"rows": [1, 2]})
    again = Report.model_validate_json(Report.of(error).model_dump_json()).error()
    assert type(again) is kind
    assert (again.code, again.message, again.details) == ("a_code", "words", {"rows": [1, 2]})


def test_a_plain_pickle_and_a_compressed_one_are_opened_alike(here, fitted):
    joblib.dump(fitted, "small.joblib", compress=3)
    Path("plain.pkl").write_bytes(pickle.dumps(fitted))
    digests = {package_source(PackageRequest(source=source)).digest for source in ("small.joblib", "plain.pkl")}
    assert digests == {package(fitted).digest}


@pytest.mark.parametrize("damage", [b"", b"not a pickle at all", b"\x80\x04\x95garbage", b"{}"])
def test_a_file_that_is_no_pickle_is_refused(here, damage):
    Path("model.pkl").write_bytes(damage)
    assert refusal_of("model.pkl").code == "not_a_pickle"


def test_a_truncated_pickle_is_refused(here, fitted):
    Path("model.pkl").write_bytes(pickle.dumps(fitted)[:-100])
    assert refusal_of("model.pkl").code == "not_a_pickle"


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_of_another_scikit_learn_is_refused_with_both_versions(here, fitted, protocol):
    written = pickle.dumps(fitted, protocol)
    Path("old.pkl").write_bytes(written.replace(sklearn.__version__.encode(), b"0.9.9"))
    refusal = refusal_of("old.pkl")
    assert isinstance(refusal, Precondition)
    assert refusal.code == "sklearn_version_mismatch"
    assert "0.9.9" in refusal.message
    assert sklearn.__version__ in refusal.message


def test_a_pickle_so_old_that_it_cannot_be_opened_is_also_a_matter_of_versions(here, fitted):
    written = pickle.dumps(fitted).replace(sklearn.__version__.encode(), b"0.9.9")
    Path("old.pkl").write_bytes(written.replace(b"sklearn.linear_model._logistic", b"sklearn.linear_model._laplaces"))
    assert refusal_of("old.pkl").code == "sklearn_version_mismatch"


def test_a_module_that_a_pickle_needs_is_named(here):
    Path("model.pkl").write_bytes(b"cno_such_library.models\nNet\n(tR.")
    refusal = refusal_of("model.pkl")
    assert refusal.code == "missing_module"
    assert "no_such_library" in refusal.message
    assert refusal.details["module"] == "no_such_library"


def test_a_class_that_stayed_in_its_notebook_is_explained(here):
    Path("model.pkl").write_bytes(b"c__main__\nMyOwnScaler\n(tR.")
    refusal = refusal_of("model.pkl")
    assert refusal.code == "missing_attribute"
    assert "MyOwnScaler" in refusal.message


def test_a_reference_is_found_in_the_working_directory(here, fitted):
    joblib.dump(fitted, "iris.joblib")
    Path("shelf.py").write_text("import joblib\nclass Shelf:\n    best = joblib.load('iris.joblib')\n")
    assert package_source(PackageRequest(source="shelf:Shelf.best")).digest == package(fitted).digest


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ("nowhere.joblib", "file_not_found", "nowhere.joblib"),
        ("nowhere.onnx", "file_not_found", "nowhere.onnx"),
        ("no_such_module:model", "missing_module", "no_such_module"),
        ("broken:model", "reference_failed", "ZeroDivisionError"),
        ("leaving:model", "reference_failed", "SystemExit"),
        ("needing:model", "missing_module", "no_such_library"),
        ("holding:modell", "attribute_not_found", "did you mean model?"),
        ("holding:model", "not_an_estimator", "dict"),
        ("holding:Class", "not_an_estimator", "LogisticRegression"),
        ("holding:unfitted", "not_fitted", "LogisticRegression"),
    ],
)
def test_what_is_wrong_with_a_source_is_said(here, source, code, words):
    Path("broken.py").write_text("1 / 0\n")
    Path("leaving.py").write_text("raise SystemExit(3)\n")
    Path("needing.py").write_text("import no_such_library\n")
    Path("holding.py").write_text(
        "from sklearn.linear_model import LogisticRegression as Class\nmodel = {}\nunfitted = Class()\n"
    )
    refusal = refusal_of(source)
    assert refusal.code == code
    assert words in refusal.message


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"source": "nowhere.joblib"}, "file_not_found"),
        ({"source": "no_such_module.inner:model"}, "missing_module"),
        ({"source": "there.onnx", "sample": "nowhere.csv"}, "file_not_found"),
    ],
)
def test_what_is_not_there_is_said_before_a_library_is_imported(here, more, code):
    Path("there.onnx").write_bytes(b"")
    program = (
        "import sys; from mlp.packaging.__main__ import main; code = main()\n"
        "print(sorted({'sklearn', 'joblib', 'onnx', 'numpy'} & set(sys.modules)), code, file=sys.stderr)"
    )
    request = PackageRequest(**more).model_dump_json()
    ran = subprocess.run(
        [sys.executable, "-c", program, "."], input=request, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout)["code"] == code
    assert ran.stderr == "[] 1\n"


def test_a_module_of_the_working_directory_is_there(here):
    Path("shelf").mkdir()
    Path("shelf/__init__.py").write_text("raise SystemExit('it was imported')\n")
    check_present(PackageRequest(source="shelf.inner:model"))
    with pytest.raises(Unsupported):
        check_present(PackageRequest(source="model.txt"))


def test_a_pickle_that_holds_no_estimator_is_refused(here):
    joblib.dump({"model": StandardScaler()}, "model.joblib")
    assert refusal_of("model.joblib").code == "not_an_estimator"
