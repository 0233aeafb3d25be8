"""The rehearsed cdk.json is one that the product accepts."""

import json
from pathlib import Path

import pytest

from link.cost.statement import Every
from link.declared import parse_cost_mail, parse_links
from rehearsal import deploy, places, services, world


def test_the_rehearsed_links_and_their_cost_mail_are_declared_as_a_customer_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "CDK", tmp_path)
    deploy.prepare([world._declaration(world.REHEARSAL, "vpc-0123456789abcdef0")])
    context = json.loads((tmp_path / "cdk.json").read_text())["context"]
    mail = parse_cost_mail(context["cost_mail"], parse_links(context["links"]))
    assert mail is not None
    assert (mail.region, mail.every) == (places.REGION, Every.MONTH)
    assert [link["name"] for link in deploy.declared()] == ["rehearsal"]


def test_no_two_programs_have_a_port_in_common(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "STATE", tmp_path)
    ports = [one.port for one in services.clouds() if one.port]
    assert len(ports) == len(set(ports)) == 3
