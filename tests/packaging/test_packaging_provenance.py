"""A version says which commit it was made from, where there is one, and never fails for the lack of it."""

from __future__ import annotations

import subprocess
from importlib.metadata import version

import pytest

from mlp.packaging.provenance import library_versions, source_of


@pytest.fixture
def git(tmp_path, monkeypatch):
    """Runs git in a new folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> str:
        command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    return run


def committed(git, tmp_path, **options: str) -> str:
    git("init", *(f"--{name.replace('_', '-')}={value}" for name, value in options.items()))
    (tmp_path / "train.py").write_text("model = 1\n")
    git("add", "train.py")
    git("commit", "-m", "Train")
    return git("rev-parse", "HEAD")


def test_the_commit_of_the_working_directory_is_named(git, tmp_path):
    commit = committed(git, tmp_path)
    (tmp_path / "notes.txt").write_text("a file that git does not know makes nothing dirty")
    source = source_of("scikit-learn", "sklearn.svm.SVC")
    assert (source.framework, source.estimator) == ("scikit-learn", "sklearn.svm.SVC")
    assert (source.git_commit, source.git_dirty) == (commit, False)


def test_a_changed_file_makes_the_commit_dirty(git, tmp_path):
    commit = committed(git, tmp_path)
    (tmp_path / "train.py").write_text("model = 2\n")
    source = source_of("scikit-learn", None)
    assert (source.git_commit, source.git_dirty) == (commit, True)


def test_without_a_repository_or_a_commit_nothing_is_named(git):
    assert source_of("onnx", None).git_commit is None
    git("init")
    assert source_of("onnx", None).git_commit is None


def test_a_commit_of_another_kind_is_left_out(git, tmp_path):
    assert len(committed(git, tmp_path, object_format="sha256")) == 64
    assert source_of("onnx", None).git_commit is None


def test_versions_are_those_of_the_libraries_that_took_part():
    converted = library_versions(converted=True)
    assert converted["scikit-learn"] == version("scikit-learn")
    assert set(library_versions(converted=False)) == {"onnx", "onnxruntime"}
