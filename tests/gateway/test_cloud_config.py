"""User data: one cloud-config within EC2's limit, the same bytes each time, that carries a whole agent and no more."""

import ast
import base64
import bz2
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway import cloud_config

ARGUMENTS = ("main", "eu-west-1", "causeway-main-LinkTable1A2B3C-4D5E6F7A8B9C")


def parsed() -> dict[str, Any]:
    text = gzip.decompress(cloud_config.render(*ARGUMENTS)).decode()
    assert text.startswith("#cloud-config\n")
    config = yaml.safe_load(text)
    assert isinstance(config, dict)
    return config


def files() -> dict[str, str]:
    return dict(json.loads(bz2.decompress(base64.b64decode(parsed()["bootcmd"][0][3]))))


def test_the_same_arguments_give_the_same_bytes_within_the_limit() -> None:
    data = cloud_config.render(*ARGUMENTS)
    assert data == cloud_config.render(*ARGUMENTS)
    assert len(data) <= cloud_config.LIMIT_BYTES


def test_an_agent_that_outgrew_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_config, "LIMIT_BYTES", 1000)
    with pytest.raises(cloud_config.UserDataTooLarge, match="EC2 accepts 1000"):
        cloud_config.render(*ARGUMENTS)


def test_it_names_the_place_of_the_configuration_and_nothing_of_its_content() -> None:
    assert json.loads(files()["/etc/causeway/settings.json"]) == dict(
        zip(("link", "region", "table"), ARGUMENTS, strict=True)
    )
    whole = "".join(files().values())
    assert 'PSK "' not in whole.replace('PSK "{psk}"', "")
    assert "203.0.113" not in whole


def test_nobody_can_log_in() -> None:
    config = parsed()
    assert config["users"] == []
    assert config["ssh_pwauth"] is False
    assert "chpasswd" not in config


def test_the_carried_agent_is_the_projects_without_comments(tmp_path: Path) -> None:
    for name, text in files().items():
        path = tmp_path / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if name.endswith(".py"):
            ast.parse(text)
    library = tmp_path / cloud_config.LIBRARY.lstrip("/")
    program = "import gateway.agent.main, gateway.agent.failed; print('whole')"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(library)!r}); {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "whole\n"


def test_the_boot_command_writes_the_files(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    packed = cloud_config._packed({str(path): 'text "with" \\ all'})
    subprocess.run([sys.executable, "-I", "-c", cloud_config._WRITE, packed], check=True)
    assert path.read_text() == 'text "with" \\ all'
    assert parsed()["bootcmd"][0][:3] == ["python3", "-c", cloud_config._WRITE]
