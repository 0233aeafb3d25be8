"""What a walk has to say at its end: to a person, to CloudFormation, to the table. Pure."""

import json
from typing import Any, Literal

from pydantic import Field

from link.record import Record
from link.steps import Wanted

Outcome = Literal["success", "failure"]


class Failure(Record):
    """An error as Step Functions hands it on: the class name, and its cause."""

    error: str = Field(validation_alias="Error")
    cause: str = Field(validation_alias="Cause")

    @property
    def sentence(self) -> str:
        """The message of a Lambda's error, which Step Functions wraps as JSON, or the cause as it is."""
        try:
            return str(json.loads(self.cause)["errorMessage"])
        except (ValueError, KeyError, TypeError):
            return self.cause


class Report(Record):
    """The outcome of a walk. `did` maps a state to the sentences of the steps that it applied."""

    link: str
    wanted: Wanted
    outcome: Outcome
    reason: str
    message: str
    did: dict[str, tuple[str, ...]]


def success(link: str, wanted: Wanted, verdict: dict[str, Any] | None, did: dict[str, tuple[str, ...]]) -> Report:
    """The link is as wanted."""
    if wanted is Wanted.DOWN or verdict is None:
        gone = "both sides of the link are removed"
        return Report(link=link, wanted=wanted, outcome="success", reason="Removed", message=gone, did=did)
    return Report(
        link=link, wanted=wanted, outcome="success", reason=verdict["reason"], message=verdict["message"], did=did
    )


def failure(link: str, wanted: Wanted, failed: Failure, did: dict[str, tuple[str, ...]]) -> Report:
    """The walk ended early: the error's name and its sentence."""
    return Report(link=link, wanted=wanted, outcome="failure", reason=failed.error, message=failed.sentence, did=did)
