"""The recipes of the two images, and the mirror that a stock image installs from."""

import dataclasses
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from rehearsal import image, mirror, places, stock

BOOT = places.ROOT / "gateway" / "files" / "boot"


def test_the_mirror_holds_what_the_boot_script_installs() -> None:
    assert f'packages="{stock.WANTED}"' in BOOT.read_text().splitlines()


def test_a_stock_image_has_nothing_of_what_the_boot_script_installs() -> None:
    assert not set(stock.WANTED.split()) & set(stock.RECIPE.packages)
    assert set(stock.WANTED.split()) <= set(image.PREBAKED.packages)


def test_the_digest_of_a_recipe_follows_its_values_and_not_its_folder(tmp_path: Path) -> None:
    digest = image.PREBAKED.digest()
    assert dataclasses.replace(image.PREBAKED, folder=tmp_path).digest() == digest
    others = [
        dataclasses.replace(image.PREBAKED, packages=image.DEBIAN),
        dataclasses.replace(image.PREBAKED, files={}),
        dataclasses.replace(image.PREBAKED, last_hooks=()),
    ]
    assert len({digest, *(other.digest() for other in others)}) == 4


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="this machine has no dpkg-deb")
def test_the_indices_say_where_a_package_is_and_what_it_must_be(tmp_path: Path) -> None:
    tree = tmp_path / "tree" / "DEBIAN"
    tree.mkdir(parents=True)
    (tree / "control").write_text(
        "Package: one\nVersion: 1:2\nArchitecture: all\nMaintainer: nobody\nDescription: a package\n"
    )
    package = tmp_path / mirror.FOLDER / "one_1%3a2_all.deb"
    package.parent.mkdir()
    subprocess.run(["dpkg-deb", "--build", str(tree.parent), str(package)], check=True, capture_output=True)
    assert not mirror.belongs_to(tmp_path)
    mirror.index(tmp_path)
    assert mirror.belongs_to(tmp_path)
    said = (package.parent / "Packages").read_bytes()
    assert said.startswith(b"Package: one\n")
    assert f"Filename: ./{package.name}\nSize: {package.stat().st_size}\n".encode() in said
    assert f"SHA256: {hashlib.sha256(package.read_bytes()).hexdigest()}\n".encode() in said
    assert hashlib.sha256(said).hexdigest() in (package.parent / "Release").read_text()
