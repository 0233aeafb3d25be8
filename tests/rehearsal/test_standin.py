"""What is said in a gateway's place is what the product hears and counts."""

from pathlib import Path
from typing import Any

import pytest

from gateway.agent import report
from lambdas.clouds import samples
from link.reading import Reading
from rehearsal import azure_view, standin


def test_a_standing_in_gateway_counts_nothing_since_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(azure_view, "read", lambda: ())
    monkeypatch.setattr(azure_view, "STATUS", tmp_path / "status.json")
    monkeypatch.setattr(standin, "_running", lambda: [("i-1", "prod")])
    monkeypatch.setattr(standin, "_published_versions", lambda: {"prod": "a" * 64})
    monkeypatch.setattr(standin, "_say", lambda kind, detail: said.append((kind, detail)))
    booted: dict[str, str] = {}
    for _ in range(2):
        standin.turn(booted)
    assert [kind for kind, _ in said] == [report.BOOTED, report.READING, report.READING]
    first, second = (samples.of(Reading.model_validate(detail)) for kind, detail in said if kind == report.READING)
    assert first and second
    assert (first.since, first.aws_to_azure, first.azure_to_aws) == (second.since, 0, 0)
