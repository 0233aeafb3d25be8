"""Writes cdk.schema.json from the model, so that an editor completes and checks cdk.json while it is written."""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from link.cost.wanted import CostMail
from link.spec import LinkSpec

PATH = Path(__file__).resolve().parent.parent / "cdk.schema.json"


def schema() -> dict[str, Any]:
    """The schema of cdk.json, as far as it is ours."""
    _, definitions = models_json_schema([(LinkSpec, "validation"), (CostMail, "validation")])
    links = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/LinkSpec"}, "description": "The wanted links"}
    emails = {"type": "array", "items": {"type": "string"}, "description": "Who is told of what Causeway cannot mend"}
    mail = {"$ref": "#/$defs/CostMail", "description": "A mail about what the links cost; left out, none is sent"}
    known = {"links": links, "alert_emails": emails, "cost_mail": mail}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cdk.json of Causeway",
        "type": "object",
        "properties": {"context": {"type": "object", "properties": known, "required": ["links"]}},
        "required": ["context"],
        **definitions,
    }


def text() -> str:
    """The file's whole text."""
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    PATH.write_text(text())
