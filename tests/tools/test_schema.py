"""The schema that editors use is the model's own, and says of cdk.json what the model says."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests import worlds
from tools import schema

CDK_JSON = Path(__file__).resolve().parents[2] / "cdk.json"


def _problems(link: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema.schema())
    return [error.message for error in validator.iter_errors({"context": {"links": [link]}})]


def test_the_file_is_what_the_model_says_now() -> None:
    assert schema.PATH.read_text() == schema.text(), "run: make schema"


def test_the_example_in_cdk_json_is_right() -> None:
    declared = json.loads(CDK_JSON.read_text())
    assert declared["$schema"] == f"./{schema.PATH.name}"
    jsonschema.validate(declared, schema.schema())


@pytest.mark.parametrize(
    "changes", [{"colour": "blue"}, {"aws.vpc": "x"}, {"policy.dh_group": "DHGroup2"}, {"name": ...}]
)
def test_an_editor_sees_a_wrong_value(changes: dict[str, Any]) -> None:
    assert _problems(worlds.declared()) == []
    assert _problems(worlds.declared(**changes)) != []
