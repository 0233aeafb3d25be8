"""What CloudFormation makes of the answer of a custom resource. No LocalEmu here."""

import dataclasses
import json
from typing import Any

# CloudFormation user guide, "Custom resource response objects", of the whole body; 4,096 still pass
# (https://github.com/awsdocs/aws-cloudformation-user-guide/pull/262).
MOST_BYTES = 4096
TOO_LONG = "Response object is too long."


@dataclasses.dataclass(frozen=True)
class Outcome:
    succeeded: bool
    reason: str
    physical_id: str | None
    attributes: dict[str, Any]


def judge(body: bytes, request_id: str, kind: str) -> Outcome:
    """An answer that is too long fails the resource, whatever it says: https://github.com/aws/aws-cdk/issues/23958."""
    if len(body) > MOST_BYTES:
        return Outcome(False, TOO_LONG, None, {})
    answer = json.loads(body)
    physical_id = answer.get("PhysicalResourceId")
    if answer.get("Status") != "SUCCESS":
        reason = f"Received response status [FAILED] from custom resource. Message returned: {answer.get('Reason')}"
        return Outcome(False, f"{reason} (RequestId: {request_id})", physical_id, {})
    if not physical_id and kind != "Delete":
        return Outcome(False, "Invalid PhysicalResourceId", None, {})
    return Outcome(True, "", physical_id, answer.get("Data") or {})
