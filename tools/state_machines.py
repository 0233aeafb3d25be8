"""Writes each state machine of a synthesized app as one file of Amazon States Language, for the linter.

CloudFormation gets the definition as a join of text and references; a linter wants text in their place.
"""

import json
import sys
from pathlib import Path
from typing import Any

PSEUDO_PARAMETERS = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "000000000000"}


def resolve(value: Any) -> str:
    """The text of a definition, with a plausible ARN or name where CloudFormation would put the real one."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return PSEUDO_PARAMETERS.get(str(name), str(name))
        case {"Fn::GetAtt": [name, *_]}:
            return f"arn:aws:lambda:eu-west-1:000000000000:function:{name}"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(resolve(part) for part in parts)
    raise TypeError(f"a state machine's definition holds {value!r}, which this does not know")


def write_all(assembly: Path, output: Path) -> int:
    """Writes the definitions found in the assembly's templates; how many."""
    output.mkdir(parents=True, exist_ok=True)
    for old in output.glob("*.json"):
        old.unlink()
    for template in sorted(assembly.glob("*.template.json")):
        for name, resource in json.loads(template.read_text())["Resources"].items():
            if resource["Type"] == "AWS::StepFunctions::StateMachine":
                definition = json.loads(resolve(resource["Properties"]["DefinitionString"]))
                (output / f"{template.name.split('.')[0]}-{name}.json").write_text(json.dumps(definition, indent=2))
    return len(list(output.iterdir()))


if __name__ == "__main__":
    if write_all(Path(sys.argv[1]), Path(sys.argv[2])) == 0:
        sys.exit("no state machine was found in the templates")
