"""A state machine's definition is written as the linter wants it."""

import json
from pathlib import Path

import pytest

from tools import state_machines


def test_references_become_names_that_a_linter_takes(tmp_path: Path) -> None:
    text = ["", ['{"StartAt": "', {"Ref": "AWS::Region"}, '", "Resource": "', {"Fn::GetAtt": ["Report", "Arn"]}, '"}']]
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": {"Fn::Join": text}}}
    (tmp_path / "one.template.json").write_text(json.dumps({"Resources": {"Walk": machine}}))
    assert state_machines.write_all(tmp_path, tmp_path / "asl") == 1
    written = json.loads((tmp_path / "asl" / "one-Walk.json").read_text())
    assert written == {"StartAt": "eu-west-1", "Resource": "arn:aws:lambda:eu-west-1:000000000000:function:Report"}


def test_a_definition_that_is_not_understood_is_refused() -> None:
    with pytest.raises(TypeError, match="Fn::ImportValue"):
        state_machines.resolve({"Fn::ImportValue": "x"})
