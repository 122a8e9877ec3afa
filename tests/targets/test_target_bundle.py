"""What installs the platform is the same from a checkout and from a wheel."""

import io
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from mlp.errors import Precondition
from mlp.targets.bundle import Bundle, bundle
from mlp.targets.images import IMAGES

ROOT = Path(__file__).parents[2]
NAMES = [image.name for image in IMAGES]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Bundle:
    """The bundle of a wheel that was installed into a folder."""
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed, so no wheel can be built")
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", wheels], cwd=ROOT, check=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", site, *wheels.iterdir()], check=True)
    return bundle(site / "mlp")


def members_of(context: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(context)) as archive:
        return {member.name: member for member in archive}


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_checkout_is_its_own_bundle():
    found = bundle()
    assert found.manifests == ROOT / "manifests"
    assert {path.name for path in found.images.iterdir()} == set(NAMES)


def test_a_wheel_brings_the_same_files(installed):
    assert installed.root != ROOT
    assert files_below(installed.manifests) == files_below(ROOT / "manifests")
    assert files_below(installed.images) == files_below(ROOT / "images")


@pytest.mark.parametrize("name", NAMES)
def test_a_wheel_builds_the_same_image(installed, name):
    assert installed.build_context(name) == bundle().build_context(name)
    assert installed.source_digest(name) == bundle().source_digest(name)


def test_a_build_context_holds_what_a_dockerfile_copies_and_nothing_of_this_machine():
    members = members_of(bundle().build_context("api"))
    assert {"Dockerfile", "LICENSE", "README.md", "constraints.txt", "pyproject.toml", "mlp/__init__.py"} <= set(
        members
    )
    assert list(members) == sorted(members)
    assert not [name for name in members if "__pycache__" in name or name.startswith(("mlp/bundle", "tests", "."))]
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members.values()} == {(0, 0, 0, "", "")}
    assert {member.mode for member in members.values()} == {0o644, 0o755}


def test_images_differ_in_their_dockerfile_alone():
    assert len({bundle().source_digest(name) for name in NAMES}) == len(NAMES)


def test_a_change_of_a_source_changes_the_digest(installed, tmp_path):
    package = tmp_path / "mlp"
    package.mkdir()
    (package / "__init__.py").write_text("")
    one = Bundle(installed.root, package)
    before = one.source_digest("api")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").write_bytes(b"compiled")
    assert one.source_digest("api") == before
    (package / "__init__.py").write_text("VALUE = 1\n")
    assert one.source_digest("api") != before


def test_a_package_without_its_bundle_is_refused(tmp_path):
    with pytest.raises(Precondition) as caught:
        bundle(tmp_path / "mlp")
    assert caught.value.code == "bundle_missing"
