"""What the VPC and the account could have against a launch, each by name; what could not be read is only a warning."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from link import choose, preflight, preflight_gateway
from link.facts import Facts, Subnet
from link.finding import Check, Finding, Level
from link.survey import Image, InstanceType, Permission, Quota, SecurityGroup, Survey, Workload
from tests import worlds

PEER = IPv4Network(worlds.PEER)
OPEN_OUT = worlds.acl_entry(100, egress=True)
OPEN_IN = worlds.acl_entry(100)


def _checked(survey: dict[str, Any], aws: dict[str, Any] | None = None, **declared: Any) -> tuple[Check, ...]:
    facts = Facts(aws=worlds.aws(**(aws or {})), azure=worlds.azure())
    return preflight.checks(worlds.spec(**declared), facts, worlds.surveyed(**survey))


def _refusals(*about: Any, **declared: Any) -> tuple[Finding, ...]:
    return preflight.refusals(_checked(*about, **declared))


def _warnings(*about: Any) -> tuple[Finding, ...]:
    return preflight.warnings(_checked(*about))


@pytest.mark.parametrize(
    ("reason", "survey"),
    [
        ("InstanceTypeNotOffered", {"offering_zones": frozenset({"eu-west-1c"})}),
        ("InstanceTypeNotOffered", {"offering_zones": frozenset(), "instance_type": None, "vcpus": None}),
        ("ImageMissing", {"images": ()}),
        ("ImageMissing", {"images": (Image(id="ami-1", architecture="x86_64", state="deregistered"),)}),
        ("ImageArchitecture", {"images": (Image(id="ami-1", architecture="arm64", state="available"),)}),
        ("VcpuLimit", {"vcpus": Quota(code="L-1216C47A", limit=32, used=31)}),
        ("MissingPermission", {"permissions": (Permission(action="ec2:CreateRoute", allowed=False, said="no"),)}),
    ],
)
def test_a_fault_is_refused_by_its_own_name(reason: str, survey: dict[str, Any]) -> None:
    assert {refusal.reason for refusal in _refusals(survey)} == {reason}


def test_a_type_that_does_not_exist_is_said_once() -> None:
    nowhere: dict[str, Any] = {"offering_zones": frozenset(), "instance_type": None, "vcpus": None}
    (refusal,) = _refusals(nowhere)
    assert refusal.condition.text.startswith("t3.small does not exist in eu-west-1")
    assert _warnings(nowhere) == ()


@pytest.mark.parametrize(
    ("entries", "dropped"),
    [
        ((OPEN_IN,), ["UDP 500 outbound to", "UDP 4500 outbound to"]),
        ((OPEN_OUT,), ["UDP 500 inbound from", "UDP 4500 inbound from"]),
        ((OPEN_IN, OPEN_OUT, worlds.acl_entry(90, allow=False, cidr=PEER)), ["UDP 500 inbound", "UDP 4500 inbound"]),
        (
            (OPEN_IN, OPEN_OUT, worlds.acl_entry(90, allow=False, protocol="17", from_port=500, to_port=500)),
            ["UDP 500 inbound"],
        ),
        (
            (OPEN_OUT, worlds.acl_entry(100, protocol="17", from_port=0, to_port=1000)),
            ["UDP 4500 inbound"],
        ),
        ((OPEN_IN, OPEN_OUT, worlds.acl_entry(90, allow=False, protocol="6")), []),
        ((OPEN_IN, OPEN_OUT, worlds.acl_entry(110, allow=False)), []),
        ((OPEN_IN, OPEN_OUT, worlds.acl_entry(90, allow=False, cidr=IPv4Network("192.0.2.0/24"))), []),
    ],
)
def test_a_network_acl_is_read_as_aws_reads_it(entries: tuple[Any, ...], dropped: list[str]) -> None:
    found = _refusals({"network_acls": (worlds.network_acl(*entries),)})
    assert {refusal.reason for refusal in found} <= {"NetworkAclDrops"}
    assert len(found) == len(dropped)
    for refusal, words in zip(found, dropped, strict=True):
        assert refusal.condition.text.startswith(f"acl-1 of subnet-a drops {words}")


def test_both_addresses_of_an_active_active_gateway_must_pass() -> None:
    other = IPv4Address("203.0.113.5")
    closed = worlds.network_acl(OPEN_IN, OPEN_OUT, worlds.acl_entry(90, allow=False, cidr=IPv4Network(other)))
    facts = Facts(aws=worlds.aws(), azure=worlds.azure(gateway=worlds.vpn_gateway(addresses=(worlds.PEER, other))))
    found = preflight.refusals(preflight.checks(worlds.spec(), facts, worlds.surveyed(network_acls=(closed,))))
    assert [str(worlds.PEER) in refusal.condition.text for refusal in found] == [False, False]
    assert [str(other) in refusal.condition.text for refusal in found] == [True, True]


def test_a_public_subnet_whose_zone_offers_the_type_is_preferred_and_a_declared_one_is_kept() -> None:
    second = Subnet(id="subnet-0123456789abcdef0", zone="eu-west-1b", cidr=IPv4Network("10.101.2.0/24"))
    aws = {"subnets": (*worlds.aws().subnets, second)}  # the main table makes it public
    there = frozenset({"eu-west-1b"})
    assert choose.places(worlds.spec(), worlds.aws(**aws), "", there)[0].id == second.id
    assert choose.places(worlds.spec(), worlds.aws(**aws), "")[0].id == "subnet-a"
    assert _refusals({"offering_zones": there, "network_acls": ()}, aws) == ()
    declared = {"aws.gateway_subnet": second.id}
    found = _refusals({"offering_zones": frozenset({"eu-west-1a"})}, aws, **declared)
    assert [refusal.reason for refusal in found] == ["InstanceTypeNotOffered"]


def test_a_full_vcpu_quota_is_a_warning_while_a_gateway_runs() -> None:
    full = {"vcpus": Quota(code="L-1216C47A", limit=32, used=32)}
    assert _refusals(full, {"gateways": (worlds.gateway(),)}) == ()
    assert [one.reason for one in _warnings(full, {"gateways": (worlds.gateway(),)})] == ["VcpuLimit"]


KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("default", "declared", "reasons"),
    [
        ("alias/aws/ebs", None, []),
        ("arn:aws:kms:eu-west-1:111122223333:alias/aws/ebs", None, []),
        (KEY, None, ["EbsKeyUnusable"]),
        (KEY, KEY, []),
        (None, None, ["NotChecked"]),
        (None, KEY, []),
    ],
)
def test_a_default_key_that_the_launch_may_not_use_is_a_warning(
    default: str | None, declared: str | None, reasons: list[str]
) -> None:
    spec = worlds.spec(**({"aws.kms_key": declared} if declared else {}))
    checks = preflight_gateway.alone(spec, worlds.aws(), worlds.surveyed(ebs_key=default))
    found = [finding for check in checks for finding in check.findings]
    assert [finding.reason for finding in found] == reasons
    assert all(finding.level is Level.WARNING for finding in found)
    if "EbsKeyUnusable" in reasons:
        assert KEY in found[0].condition.text
        assert "the role causeway-prod-LaunchGateway kms:CreateGrant, kms:Decrypt, kms:Desc" in found[0].condition.text


@pytest.mark.parametrize(("used", "verdict"), [(4, "ok"), (5, "refused")])
def test_a_further_elastic_ip_needs_room(used: int, verdict: str) -> None:
    quota = Quota(code="L-0263D0A3", limit=5, used=used)
    check = preflight_gateway.elastic_ips(worlds.spec(), worlds.surveyed(elastic_ips=quota))
    assert (check.verdict, [one.reason for one in check.findings]) == (verdict, ["ElasticIpLimit"] * (used - 4))


def test_workload_groups_that_admit_nothing_of_azure_are_named_at_most_five() -> None:
    groups = tuple(SecurityGroup(id=f"sg-{n}", admits=(IPv4Network("192.0.2.0/24"),)) for n in range(7))
    workloads = tuple(Workload(subnet="subnet-b", groups=(group.id,)) for group in groups)
    (warning,) = _warnings({"security_groups": groups, "workloads": workloads})
    assert warning.reason == "WorkloadGroupsClosed"
    assert "by sg-0, sg-1, sg-2, sg-3, sg-4 and 2 more;" in warning.condition.text


@pytest.mark.parametrize(
    ("workload", "opaque", "closed"),
    [
        (Workload(subnet="subnet-b", groups=("sg-closed",)), False, True),
        (Workload(subnet="subnet-a", groups=("sg-closed",)), False, False),  # not behind a table that is written
        (Workload(subnet="subnet-b", groups=("sg-closed", "sg-web")), False, False),  # what one admits, all admit
        (Workload(subnet="subnet-b", groups=("sg-closed",)), True, False),  # a prefix list may hold anything
    ],
)
def test_only_interfaces_that_azure_would_reach_and_that_no_group_opens_are_warned_of(
    workload: Workload, opaque: bool, closed: bool
) -> None:
    shut = SecurityGroup(id="sg-closed", admits=(), opaque=opaque)
    groups = (*(worlds.surveyed().security_groups or ()), shut)
    warnings = _warnings({"security_groups": groups, "workloads": (workload,)})
    assert [warning.reason for warning in warnings] == ["WorkloadGroupsClosed"] * closed


def test_what_could_not_be_read_is_a_warning_that_says_why_and_never_a_refusal() -> None:
    fields = [name for name in Survey.model_fields if name not in ("unread", "elastic_ips")]
    for field in fields:
        survey = {field: None, "unread": {field: f"no {field} for you"}}
        assert _refusals(survey) == ()
        warnings = _warnings(survey)
        assert warnings and all(one.reason == "NotChecked" for one in warnings)
        assert all(f"no {field} for you" in one.condition.text for one in warnings)


def test_a_permission_of_which_aws_says_neither_yes_nor_no_is_a_warning() -> None:
    unclear = Permission(action="ec2:RunInstances", allowed=None, said="OptInRequired: accept the terms")
    (warning,) = _warnings({"permissions": (unclear,)})
    assert warning.reason == "NotChecked" and "OptInRequired: accept the terms" in warning.condition.text


def test_an_image_for_one_of_several_architectures_is_right() -> None:
    both = InstanceType(vcpus=2, architectures=("i386", "x86_64"))
    assert _refusals({"instance_type": both}) == ()
