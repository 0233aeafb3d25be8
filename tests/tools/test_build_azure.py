"""What `make azure-package` built runs as it is: nothing is to be installed or compiled where it runs."""

import importlib.util
import sys
import zipfile
from pathlib import Path

import pytest

from azure_functions import package
from tools import bench_import

FOLDER = bench_import.PACKAGE
ARCHIVE = FOLDER.with_suffix(".zip")
UNCHECKED = b"\x01\0\0\0"  # the flags of a hash-based .pyc that is never compared with its source (PEP 552)


def test_the_package_imports_by_itself() -> None:
    assert bench_import.start(FOLDER).modules > 500


def test_every_source_has_bytecode_that_is_believed_unseen() -> None:
    assert sys.implementation.cache_tag == "cpython-313"
    sources = sorted(FOLDER.rglob("*.py"))
    assert len(sources) > 500
    for source in sources:
        head = Path(importlib.util.cache_from_source(str(source))).read_bytes()[:8]
        assert head == importlib.util.MAGIC_NUMBER + UNCHECKED, source


def test_azd_leaves_nothing_out_but_settings_of_a_developers_machine() -> None:
    lines = (FOLDER / ".funcignore").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["local.settings.json"]


def test_the_zip_is_the_folder() -> None:
    with zipfile.ZipFile(ARCHIVE) as archive:
        packed = {name for name in archive.namelist() if not name.endswith("/")}
    assert packed == {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
    assert {"host.json", "function_app.py", "link/spec.py"} <= packed


@pytest.mark.parametrize("folder", ["azure_functions", "lambdas"])
def test_the_lock_holds_what_the_requirements_pin(folder: str) -> None:
    wanted, locked = (package.ROOT / folder / f"requirements.{end}" for end in ("txt", "lock"))
    pins = {line.split("#")[0].strip() for line in wanted.read_text().splitlines()} - {""}
    assert pins <= {line.split("#")[0].strip() for line in locked.read_text().splitlines()}
