"""Reads what a person declared in cdk.json: values, or a line for every fault with its field and remedy."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from link.cost.wanted import CostMail
from link.errors import SpecInvalid
from link.spec import LinkSpec

# What would be right, for patterns whose regular expression says too little to a person.
_RIGHT: Mapping[str, str] = {
    "name": "1 to 24 of a-z, 0-9 and single hyphens, beginning with a letter and ending with a letter or digit",
    "region": "an AWS region such as eu-west-1",
    "vpc": "a VPC id such as vpc-0123456789abcdef0",
    "gateway_subnet": "a subnet id such as subnet-0123456789abcdef0",
    "route_tables": "route table ids such as rtb-0123456789abcdef0",
    "instance_type": "an EC2 instance type such as t3.small",
    "image": "an AMI id such as ami-0123456789abcdef0, or a Systems Manager parameter name beginning with /",
    "kms_key": "the ARN of a KMS key, not of an alias, such as arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789",
    "tenant": "a GUID such as 11111111-2222-3333-4444-555555555555",
    "subscription": "a GUID such as 11111111-2222-3333-4444-555555555555",
    "resource_group": "an Azure resource group name (1 to 90 letters, digits, _ ( ) - . , not ending in a period)",
    "vpn_gateway": "an Azure resource name (1 to 80 letters, digits, _ . - , beginning with a letter or digit)",
    "virtual_networks": "a list with at least one Azure virtual network name",
    "function_identity": "the object id of the Function's managed identity; `azd up` prints it as FUNCTION_IDENTITY",
    "token_audience": "an application ID URI such as api://11111111-2222-3333-4444-555555555555/causeway",
    "identity_provider": "the ARN of an IAM OIDC provider, which ends in :oidc-provider/sts.windows.net/TENANT/",
    "address": "an IPv4 address such as 10.0.1.4",
    "sender": "an e-mail address such as causeway@example.com that SES knows",
    "recipients": 'a list of e-mail addresses such as ["network@example.com"]',
    "every": "day, week or month",
    "time_zone": "an IANA time zone such as Europe/Berlin",
    "budget": "US dollars a month such as 50",
    "currency": "USD, or leave it out: AWS names its prices in no other currency",
    "aws_gb": "GB a month such as 1500",
    "azure_gb": "GB a month such as 1500",
    "tags": "names of 1 to 128 letters, digits, spaces and . : = + @ - _ with values of at most 256 characters",
}

_SAY_TOO_LITTLE = frozenset(
    {
        "string_pattern_mismatch",
        "ip_v4_address",
        "too_short",
        "too_long",
        "tuple_type",
        "string_type",
        "string_too_long",
        "enum",
        "literal_error",
        "decimal_parsing",
        "decimal_type",
        "finite_number",
        "greater_than",
        "greater_than_equal",
    }
)


def _line(where: str, location: Sequence[int | str], error: Mapping[str, Any]) -> str:
    field = ".".join([where, *(str(part) for part in location)])
    known = [_RIGHT[part] for part in location if isinstance(part, str) and part in _RIGHT]
    match error["type"]:
        case "missing":
            return f"{field}: is missing" + (f"; give {known[-1]}" if known else "")
        case "extra_forbidden":
            whose = "a link" if where.startswith("links") else where
            return f"{field}: is not a field of {whose}; remove it or correct its name"
        case "value_error":
            return f"{field}: {error['ctx']['error']!s}"
        case kind if kind in _SAY_TOO_LITTLE and known:
            return f"{field}: {error['input']!r} is not right; give {known[-1]}"
        case _:
            return f"{field}: {error['input']!r} is not right; {str(error['msg'])[0].lower()}{str(error['msg'])[1:]}"


def _lines(where: str, exc: ValidationError) -> list[str]:
    """One for each fault. A list whose only item is wrong is also too short, which would be said twice."""
    places = [error["loc"] for error in exc.errors()]
    return [
        _line(where, error["loc"], error)
        for error in exc.errors()
        if not any(len(one) > len(error["loc"]) and one[: len(error["loc"])] == error["loc"] for one in places)
    ]


def parse_links(value: Any) -> tuple[LinkSpec, ...]:
    """Turns cdk.json's context.links into specs. Raises SpecInvalid with one line for every fault found."""
    if not isinstance(value, list) or not value:
        raise SpecInvalid("links: give a list with at least one link in cdk.json's context")
    faults: list[str] = []
    links: list[LinkSpec] = []
    for index, item in enumerate(value):
        try:
            links.append(LinkSpec.model_validate(item))
        except ValidationError as exc:
            faults += _lines(f"links.{index}", exc)
    names = [link.name for link in links]
    faults += [
        f"links: the name {name!r} is used more than once; give each link its own"
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    if faults:
        raise SpecInvalid("\n".join(faults))
    return tuple(links)


def parse_alert_emails(value: Any) -> tuple[str, ...]:
    """Turns cdk.json's context.alert_emails, which may be left out, into addresses. Raises SpecInvalid."""
    right = 'a list of e-mail addresses such as ["network@example.com"], or leave it out'
    if value is None:
        return ()
    if not isinstance(value, list):
        raise SpecInvalid(f"alert_emails: give {right}")
    faults = [one for one in value if not (isinstance(one, str) and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", one))]
    if faults:
        raise SpecInvalid("\n".join(f"alert_emails: {one!r} is not right; give {right}" for one in faults))
    return tuple(dict.fromkeys(value))


def parse_cost_mail(value: Any, links: Sequence[LinkSpec]) -> CostMail | None:
    """Turns cdk.json's context.cost_mail, which may be left out, into what it says. Raises SpecInvalid.

    The mail is written where a watch and its topic are: in a region with a link.
    """
    if value is None:
        return None
    try:
        mail = CostMail.model_validate(value)
    except ValidationError as exc:
        raise SpecInvalid("\n".join(_lines("cost_mail", exc))) from exc
    regions = sorted({link.aws.region for link in links})
    if mail.region not in regions:
        raise SpecInvalid(f"cost_mail.region: {mail.region!r} has no link; give {' or '.join(regions)}")
    return mail
