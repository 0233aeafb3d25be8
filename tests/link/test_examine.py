"""What is called wrong with a link at one look."""

from ipaddress import IPv4Network
from typing import Any

import pytest

from link import examine, plan, preflight_aws
from link.errors import CausewayError, FunctionUnreachable, Refused
from link.examine import Look
from link.facts import AzureFacts, ConnectionStatus, ElasticIp, LocalNetworkGateway
from link.reading import Observation, TunnelReading
from link.report import Report
from link.steps import Wanted
from tests import worlds

SPEC = worlds.spec()
REF = plan.azure_ref(SPEC, worlds.DEPLOYED)


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
    return Look(SPEC, worlds.DEPLOYED, aws, azure, reading, changes.pop("report", None))


def _reason(look: Look) -> tuple[str, bool, Observation] | None:
    trouble = examine.examine(look, worlds.NOW).trouble
    return (trouble.reason, trouble.differs, trouble.state) if trouble else None


DOWN, UNKNOWN = Observation.DOWN, Observation.UNKNOWN
NO_TUNNEL = {"tunnels": (TunnelReading(number=1, state=DOWN, bytes_in=0, bytes_out=0),)}
ONE_OF_TWO = (
    TunnelReading(number=1, state=DOWN, bytes_in=0, bytes_out=0),
    TunnelReading(number=2, state=Observation.UP, bytes_in=0, bytes_out=0),
)
OTHER = {"instance": "i-000000000000other"}


def test_nothing_is_wrong_with_a_link_that_is_as_wanted_and_up() -> None:
    found = examine.examine(_look(), worlds.NOW)
    assert (found.trouble, found.gateway) == (None, "i-0000000000000001")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"aws": {"rules": ()}}, ("InboundRuleMissing", True, DOWN)),
        ({"aws": {"gateways": ()}}, ("GatewayMissing", True, DOWN)),
        ({"azure": _azure(key_matches=False)}, ("SharedKeyChanged", True, DOWN)),
        ({"azure": _azure(ours=False)}, ("ForeignConnection", False, UNKNOWN)),
        ({"azure": _azure(provisioning_state="Updating")}, ("ConnectionUpdating", False, UNKNOWN)),
        ({"azure": FunctionUnreachable("no answer")}, ("FunctionUnreachable", False, UNKNOWN)),
        ({"azure": Refused(str(preflight_aws.tokens_disabled()))}, ("TokensDisabled", False, UNKNOWN)),
        ({"reading": NO_TUNNEL}, ("TunnelDown", False, DOWN)),
        ({"reading": {"tunnels": ONE_OF_TWO}}, ("OneTunnelDown", False, Observation.UP)),
        ({"azure": _azure(status=ConnectionStatus.NOT_CONNECTED)}, ("AzureNotConnected", False, DOWN)),
        ({"reading": OTHER}, ("GatewaySilent", False, UNKNOWN)),
        ({"reading": OTHER, "azure": _azure(status=ConnectionStatus.NOT_CONNECTED)}, ("GatewayDead", False, DOWN)),
        ({"reading": OTHER, "azure": _azure(status=ConnectionStatus.UNKNOWN)}, ("GatewaySilent", False, UNKNOWN)),
    ],
)
def test_the_first_thing_that_matters_is_named(changes: dict[str, Any], wanted: tuple[str, bool, Observation]) -> None:
    assert _reason(_look(**changes)) == wanted


def test_a_condemned_gateway_differs_by_what_it_was_condemned_for() -> None:
    condemned = worlds.gateway(condemned="GatewayDead: it has not reported")
    assert _reason(_look(aws={"gateways": (condemned,)})) == ("GatewayDead", True, DOWN)


def test_while_azure_is_busy_a_difference_of_aws_is_still_mended() -> None:
    look = _look(aws={"rules": ()}, azure=_azure(provisioning_state="Updating"))
    assert _reason(look) == ("InboundRuleMissing", True, DOWN)


def test_what_the_last_walk_was_refused_for_is_for_a_human() -> None:
    refused = Report(
        link="prod", wanted=Wanted.UP, outcome="failure", reason="Refused", message="OverlappingRanges: a and b", did={}
    )
    trouble = examine.examine(_look(aws={"rules": ()}, report=refused), worlds.NOW).trouble
    assert trouble is not None
    assert trouble.needs_human
    assert "OverlappingRanges" in trouble.because


def test_the_gateways_own_words_are_told() -> None:
    trouble = examine.examine(_look(reading={**NO_TUNNEL, "fault": "SharedKeyMismatch: refused"}), worlds.NOW).trouble
    assert trouble is not None
    assert "SharedKeyMismatch: refused" in trouble.because


def test_a_tunnel_that_is_down_beside_another_is_named_with_the_gateways_words() -> None:
    reading = {"tunnels": ONE_OF_TWO, "fault": "PeerSilent: causeway-1"}
    trouble = examine.examine(_look(reading=reading), worlds.NOW).trouble
    assert trouble is not None
    assert trouble.because.startswith("tunnel 1 of 2 is down")
    assert trouble.because.endswith("the gateway says PeerSilent: causeway-1")


def test_a_tunnel_of_which_nothing_is_known_is_not_down() -> None:
    unknown = (ONE_OF_TWO[0].model_copy(update={"state": UNKNOWN}), ONE_OF_TWO[1])
    assert _reason(_look(reading={"tunnels": unknown})) is None


def test_an_error_keeps_its_own_name() -> None:
    error: CausewayError = FunctionUnreachable("it answered 503")
    trouble = examine.examine(_look(azure=error), worlds.NOW).trouble
    assert trouble is not None
    assert (trouble.because, trouble.needs_human) == ("it answered 503", False)


def test_what_a_look_was_refused_for_is_for_a_human() -> None:
    trouble = examine.examine(_look(azure=Refused(str(preflight_aws.tokens_disabled()))), worlds.NOW).trouble
    assert trouble is not None
    assert trouble.needs_human
    assert trouble.because.endswith("aws iam enable-outbound-web-identity-federation")
