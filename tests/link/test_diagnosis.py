"""What is called wrong with a link at one look."""

from ipaddress import IPv4Network
from typing import Any

import pytest

from link import diagnosis, known, plan, preflight_aws
from link.condition import Condition
from link.diagnosis import Kind, Look
from link.errors import FunctionUnreachable, Refused
from link.facts import AzureFacts, ConnectionStatus, ElasticIp, LocalNetworkGateway
from link.finding import refused
from link.known import Known
from link.reading import Observation, TunnelReading
from link.report import Done, Report
from link.steps import State, Wanted
from tests import worlds

SPEC = worlds.spec()
REF = plan.azure_ref(SPEC, worlds.DEPLOYED)
_ROUTE = worlds.route(str(worlds.AZURE_PREFIX), worlds.gateway().interface)


def _azure(**changes: Any) -> AzureFacts:
    """The Azure side as the plan wants it."""
    local = LocalNetworkGateway(
        id=REF.local_network_gateway_id,
        address=worlds.aws().elastic_ip.address,
        prefixes=(IPv4Network("10.101.0.0/16"),),
        provisioning_state="Succeeded",
        ours=True,
        tags=REF.tags,
    )
    there = worlds.connection(local_network_gateway=local.id, tags=REF.tags, **changes)
    return worlds.azure(local_network_gateway=local, connection=there)


def _look(**changes: Any) -> Look:
    """A link that is as wanted and up."""
    gateway = worlds.gateway()
    elastic_ip = ElasticIp(
        allocation="eipalloc-1", address=worlds.aws().elastic_ip.address, association="a", interface=gateway.interface
    )
    azure = changes.pop("azure", _azure())
    aws = worlds.aws(
        gateways=(gateway,),
        elastic_ip=elastic_ip,
        established_in=SPEC.aws.vpc,
        own_routes=frozenset({(worlds.PRIVATE_TABLE, worlds.AZURE_PREFIX)}),
    )
    private = worlds.private_table(worlds.route(str(worlds.AZURE_PREFIX), gateway.interface))
    facts = worlds.Facts(aws=aws, azure=_azure())
    configured = plan.configuration(SPEC, facts, worlds.PSK_SECRET)
    aws = aws.model_copy(
        update={
            "route_tables": (aws.route_tables[0], private),
            "rules": tuple(plan.wanted_rules(facts)),
            "published_version": configured.digest(),
            **changes.pop("aws", {}),
        }
    )
    reading = worlds.read(version=configured.digest(), **changes.pop("reading", {}))
    return Look(SPEC, worlds.DEPLOYED, aws, azure, reading, changes.pop("report", None), **changes)


def _first(look: Look) -> tuple[str, Kind, Observation] | None:
    problem = next(iter(diagnosis.diagnose(look, worlds.NOW).problems), None)
    return (problem.condition.reason, problem.kind, problem.state) if problem else None


def _all(look: Look) -> list[tuple[str, Kind]]:
    return [(one.condition.reason, one.kind) for one in diagnosis.diagnose(look, worlds.NOW).problems]


def _known(**changes: Any) -> Known:
    found = known.of(_azure(**changes), REF, worlds.NOW)
    assert found is not None
    return found


UP, DOWN, UNKNOWN = Observation.UP, Observation.DOWN, Observation.UNKNOWN
DIFFERENCE, SYMPTOM, FINDING = Kind
SILENT = FunctionUnreachable("no answer")
NO_TUNNEL = {"tunnels": (TunnelReading(number=1, state=DOWN, bytes_in=0, bytes_out=0),)}
ONE_OF_TWO = (
    TunnelReading(number=1, state=DOWN, bytes_in=0, bytes_out=0),
    TunnelReading(number=2, state=Observation.UP, bytes_in=0, bytes_out=0),
)
OTHER = {"instance": "i-000000000000other"}


def _disabled() -> Refused:
    finding = preflight_aws.tokens_disabled()
    return Refused(str(finding), finding.condition)


def test_nothing_is_wrong_with_a_link_that_is_as_wanted_and_up() -> None:
    found = diagnosis.diagnose(_look(), worlds.NOW)
    assert (found.problems, found.gateway) == ((), "i-0000000000000001")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"aws": {"rules": ()}}, ("InboundRuleMissing", DIFFERENCE, DOWN)),
        ({"aws": {"gateways": ()}}, ("GatewayMissing", DIFFERENCE, DOWN)),
        ({"azure": _azure(key_matches=False)}, ("SharedKeyChanged", DIFFERENCE, DOWN)),
        ({"azure": _azure(ours=False)}, ("ForeignConnection", FINDING, UP)),
        ({"azure": _azure(provisioning_state="Updating")}, ("ConnectionUpdating", SYMPTOM, UNKNOWN)),
        ({"azure": SILENT}, ("FunctionUnreachable", SYMPTOM, UNKNOWN)),
        ({"azure": _disabled()}, ("TokensDisabled", SYMPTOM, UNKNOWN)),
        ({"reading": NO_TUNNEL}, ("TunnelDown", SYMPTOM, DOWN)),
        ({"reading": {"tunnels": ONE_OF_TWO}}, ("OneTunnelDown", SYMPTOM, UP)),
        ({"azure": _azure(status=ConnectionStatus.NOT_CONNECTED)}, ("AzureDisagrees", SYMPTOM, UP)),
        ({"reading": OTHER}, ("GatewaySilent", SYMPTOM, UNKNOWN)),
        ({"reading": OTHER, "azure": _azure(status=ConnectionStatus.NOT_CONNECTED)}, ("GatewayDead", SYMPTOM, DOWN)),
        ({"reading": OTHER, "azure": _azure(status=ConnectionStatus.UNKNOWN)}, ("GatewaySilent", SYMPTOM, UNKNOWN)),
        ({"reading": OTHER, "azure": SILENT, "known": _known()}, ("GatewaySilent", SYMPTOM, UNKNOWN)),
    ],
)
def test_the_first_thing_that_matters_is_named(changes: dict[str, Any], wanted: tuple[str, Kind, Observation]) -> None:
    assert _first(_look(**changes)) == wanted


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rules": ()}, "InboundRuleMissing"),
        ({"gateways": ()}, "GatewayMissing"),
        ({"route_tables": (worlds.aws().route_tables[0], worlds.private_table())}, "RouteMissing"),
        ({"elastic_ip": worlds.aws().elastic_ip}, "ElasticIpElsewhere"),
        ({"gateways": (worlds.gateway(source_dest_check=True),)}, "SourceDestCheckOn"),
        ({"published_version": "another"}, "ConfigurationDiffers"),
    ],
)
def test_while_azure_is_silent_the_aws_side_differs_by_what_was_seen_last(changes: dict[str, Any], reason: str) -> None:
    found = diagnosis.diagnose(_look(aws=changes, azure=SILENT, known=_known()), worlds.NOW)
    assert found.problems[0].condition.reason == reason
    assert "FunctionUnreachable" in [one.condition.reason for one in found.of(SYMPTOM)]
    assert not found.azure_known
    assert diagnosis.urgent(_look(aws=changes, azure=SILENT, known=_known()))
    assert not diagnosis.urgent(_look(azure=SILENT, known=_known()))


def test_while_azure_is_silent_its_own_steps_wait() -> None:
    assert _all(_look(azure=SILENT, known=_known(mode="Default"))) == [("FunctionUnreachable", SYMPTOM)]


def test_what_was_seen_of_another_place_in_azure_is_not_used() -> None:
    other = _known().model_copy(update={"ref": "of another gateway"})
    assert _all(_look(aws={"gateways": ()}, azure=SILENT, known=other)) == [("FunctionUnreachable", SYMPTOM)]


def test_a_declared_network_that_is_missing_keeps_its_routes_and_is_found() -> None:
    gone = _azure().model_copy(update={"virtual_networks": (), "missing_networks": ("workloads",)})
    assert _all(_look(azure=gone, known=_known())) == [("VirtualNetworkMissing", FINDING)]


def test_an_azure_gateway_that_is_gone_is_found_and_holds_back_no_other_step() -> None:
    gone = _azure().model_copy(update={"gateway": None})
    found = _all(_look(aws={"gateways": ()}, azure=gone))
    assert found[0] == ("GatewayMissing", DIFFERENCE)
    assert ("VpnGatewayMissing", FINDING) in found
    assert [reason for reason, _ in found if reason.startswith("InboundRule")] == []


FOREIGN = worlds.route("10.0.128.0/17", "tgw-1")


def test_a_finding_that_stands_is_found_while_the_link_works_and_beside_what_differs() -> None:
    tables = (worlds.aws().route_tables[0], worlds.private_table(FOREIGN, _ROUTE))
    assert _all(_look(aws={"route_tables": tables})) == [("RouteTaken", FINDING)]
    both = _all(_look(aws={"route_tables": tables, "gateways": ()}))
    assert both[0] == ("GatewayMissing", DIFFERENCE)
    assert ("RouteTaken", FINDING) in both


def test_what_the_last_survey_refused_is_found_until_the_next() -> None:
    denied = refused("NetworkAclDrops", "acl-1 drops", "add a rule", "acl-1")
    assert _all(_look(found=(denied,))) == [("NetworkAclDrops", FINDING)]


def test_a_table_without_room_is_walked_for_no_further_route() -> None:
    full = refused("RouteLimit", "50 of 50", "raise it", worlds.PRIVATE_TABLE)
    tables = {"route_tables": (worlds.aws().route_tables[0], worlds.private_table())}
    subject = f"{worlds.PRIVATE_TABLE}/{worlds.AZURE_PREFIX}"
    tried = Done(step="CreateRoute", reason="RouteMissing", subject=subject, refused="RouteLimitExceeded")
    last = Report(link="prod", wanted=Wanted.UP, outcome="success", reason="Verified", message="", did={})
    refused_it = last.model_copy(update={"did": {State.ADJUST_ROUTES: (tried,)}})
    assert _all(_look(aws=tables, found=(full,), report=refused_it)) == [("RouteLimit", FINDING)]
    assert ("RouteMissing", DIFFERENCE) in _all(_look(aws=tables, report=refused_it))
    assert ("RouteMissing", DIFFERENCE) in _all(_look(aws=tables, found=(full,), report=last))


def test_many_differences_of_one_reason_are_one_to_remember() -> None:
    networks = tuple(IPv4Network(f"10.{n}.0.0/16") for n in range(100))
    azure = _azure().model_copy(
        update={"virtual_networks": (worlds.azure().virtual_networks[0].model_copy(update={"prefixes": networks}),)}
    )
    found = diagnosis.diagnose(_look(azure=azure), worlds.NOW).of(DIFFERENCE)
    assert [one.condition.key for one in found if one.condition.reason == "RouteMissing"] == [("RouteMissing", "")]


def test_a_condemned_gateway_differs_by_what_it_was_condemned_for() -> None:
    condemned = worlds.gateway(condemned=Condition(reason="GatewayDead", message="it has not reported"))
    assert _first(_look(aws={"gateways": (condemned,)})) == ("GatewayDead", DIFFERENCE, DOWN)


def test_while_azure_is_busy_a_difference_of_aws_is_still_mended() -> None:
    look = _look(aws={"gateways": ()}, azure=_azure(provisioning_state="Updating"))
    assert _first(look) == ("GatewayMissing", DIFFERENCE, DOWN)


@pytest.mark.parametrize("reason", diagnosis.FOR_HUMANS)
def test_what_the_last_walk_could_not_do_is_for_a_human(reason: str) -> None:
    failed = Report(link="prod", wanted=Wanted.UP, outcome="failure", reason=reason, message="no zone has room", did={})
    problem = diagnosis.diagnose(_look(aws={"rules": ()}, report=failed), worlds.NOW).problems[0]
    assert problem.needs_human
    assert "no zone has room" in problem.condition.message


def test_the_gateways_own_words_are_told_and_decide_nothing() -> None:
    said = [
        diagnosis.diagnose(_look(reading={**NO_TUNNEL, "fault": fault}), worlds.NOW).problems[0].condition
        for fault in ("SharedKeyMismatch: refused", "PeerSilent: no answer")
    ]
    assert [fault in one.message for fault, one in zip(("SharedKeyMismatch", "PeerSilent"), said, strict=True)]
    assert said[0].key == said[1].key


def test_a_tunnel_that_is_down_beside_another_is_named_with_the_gateways_words() -> None:
    reading = {"tunnels": ONE_OF_TWO, "fault": "PeerSilent: causeway-1"}
    (problem,) = diagnosis.diagnose(_look(reading=reading), worlds.NOW).problems
    assert problem.condition.message.startswith("tunnel 1 of 2 is down")
    assert problem.condition.message.endswith("the gateway says PeerSilent: causeway-1")


def test_a_tunnel_of_which_nothing_is_known_is_not_down() -> None:
    unknown = (ONE_OF_TWO[0].model_copy(update={"state": UNKNOWN}), ONE_OF_TWO[1])
    assert _first(_look(reading={"tunnels": unknown})) is None


def test_an_error_keeps_its_own_name() -> None:
    (problem,) = diagnosis.diagnose(_look(azure=FunctionUnreachable("it answered 503")), worlds.NOW).problems
    assert (problem.condition.message, problem.needs_human) == ("it answered 503", False)


def test_what_a_look_was_refused_for_is_for_a_human() -> None:
    (problem,) = diagnosis.diagnose(_look(azure=_disabled()), worlds.NOW).problems
    assert problem.needs_human
    assert problem.condition.remedy.endswith("aws iam enable-outbound-web-identity-federation")
