"""The drift is the whole walk in its order, from nothing as from a link that is up, and what would be left alone."""

from ipaddress import IPv4Address
from typing import Any

from link import drift, facts, plan
from link.facts import AwsFacts, AzureFacts, Facts
from link.steps import State, Step
from tests import worlds

REF = plan.azure_ref(worlds.spec(), worlds.DEPLOYED)


def _up(aws: AwsFacts, azure: AzureFacts) -> tuple[Step, ...]:
    return drift.up(worlds.spec(), Facts(aws=aws, azure=azure), worlds.DEPLOYED)


def _steps(lines: tuple[Step, ...]) -> list[tuple[str, str]]:
    return [(line.state.value, line.verb) for line in lines]


def _aws_that_is_up(**changes: Any) -> AwsFacts:
    mine, nothing = worlds.gateway(), Facts(aws=worlds.aws(), azure=worlds.azure())
    route = worlds.route(str(worlds.AZURE_PREFIX), mine.interface)
    address = worlds.aws().elastic_ip.model_copy(update={"interface": mine.interface, "association": "eipassoc-1"})
    found = worlds.aws(
        rules=tuple(plan.wanted_rules(nothing)),
        gateways=(mine,),
        route_tables=(worlds.aws().route_tables[0], worlds.private_table(route)),
        elastic_ip=address,
        own_routes=frozenset({(worlds.PRIVATE_TABLE, worlds.AZURE_PREFIX)}),
        established_in="vpc-0123456789abcdef0",
        published_version=plan.configuration(worlds.spec(), nothing, worlds.PSK_SECRET).digest(),
    )
    return found.model_copy(update=changes)


def _azure_that_is_up(**changes: Any) -> AzureFacts:
    local = facts.LocalNetworkGateway(
        id=REF.local_network_gateway_id,
        address=worlds.aws().elastic_ip.address,
        prefixes=worlds.aws().cidrs,
        provisioning_state="Succeeded",
        ours=True,
        tags=REF.tags,
    )
    connection = worlds.connection(local_network_gateway=local.id, tags=REF.tags, **changes)
    return worlds.azure(local_network_gateway=local, connection=connection)


def test_from_nothing_the_whole_walk_is_shown_in_the_order_of_its_states() -> None:
    assert _steps(_up(worlds.aws(elastic_ip=facts.NOT_ALLOCATED), worlds.azure())) == [
        ("LaunchGateway", "AllowInbound"),
        ("LaunchGateway", "AllowInbound"),
        ("LaunchGateway", "AllowInbound"),
        ("LaunchGateway", "PublishConfiguration"),
        ("LaunchGateway", "LaunchGateway"),
        ("AttachElasticIp", "DisableSourceDestCheck"),
        ("AttachElasticIp", "AttachElasticIp"),
        ("AdjustRoutes", "CreateRoute"),
        ("ConnectAzure", "PutLocalNetworkGateway"),
        ("ConnectAzure", "PutConnection"),
        ("ConnectAzure", "SetSharedKey"),
    ]


def test_of_a_link_that_is_up_nothing_differs() -> None:
    assert _up(_aws_that_is_up(), _azure_that_is_up()) == ()


def test_a_change_shows_what_differs_and_nothing_else() -> None:
    (line,) = _up(_aws_that_is_up(), _azure_that_is_up(mode="Default"))
    assert (line.state, line.verb, line.condition.reason) == (
        State.CONNECT_AZURE,
        "PutConnection",
        "ConnectionModeChanged",
    )


def test_a_gateway_that_is_launched_takes_address_and_routes_from_a_stopped_one_that_is_retired() -> None:
    lines = _up(_aws_that_is_up(gateways=(worlds.gateway(state="stopped"),)), _azure_that_is_up())
    assert _steps(lines) == [
        ("LaunchGateway", "LaunchGateway"),
        ("AttachElasticIp", "DisableSourceDestCheck"),
        ("AttachElasticIp", "AttachElasticIp"),
        ("AdjustRoutes", "ReplaceRoute"),
        ("RetireGateway", "TerminateGateway"),
    ]


def test_another_instance_type_is_shown_as_a_gateway_that_takes_over_before_the_old_one_goes() -> None:
    spec = worlds.spec(**{"aws.instance_type": "t3.medium"})
    lines = drift.up(spec, Facts(aws=_aws_that_is_up(), azure=_azure_that_is_up()), worlds.DEPLOYED)
    assert [(line.verb, line.condition.reason) for line in lines] == [
        ("LaunchGateway", "InstanceTypeDiffers"),
        ("DisableSourceDestCheck", "SourceDestCheckOn"),
        ("AttachElasticIp", "ElasticIpElsewhere"),
        ("ReplaceRoute", "RouteElsewhere"),
        ("TerminateGateway", "GatewayNotWanted"),
    ]


def test_a_link_that_has_been_up_is_repointed_after_azure_is_ready() -> None:
    moved = worlds.vpn_gateway(addresses=(IPv4Address("203.0.113.9"),))
    azure = _azure_that_is_up(mode="Default").model_copy(update={"gateway": moved})
    steps = [line.verb for line in _up(_aws_that_is_up(), azure)]
    assert steps.index("PutConnection") < steps.index("PublishConfiguration")


def test_without_a_word_of_azure_its_own_steps_are_left_out() -> None:
    nothing = Facts(aws=worlds.aws(), azure=worlds.azure())
    found = drift.up_of_aws(worlds.spec(), nothing, worlds.DEPLOYED)
    assert [step.verb for step in found if step.state is State.CONNECT_AZURE] == []
    assert "CreateRoute" in [step.verb for step in found]
    up = Facts(aws=_aws_that_is_up(), azure=_azure_that_is_up())
    assert drift.up_of_aws(worlds.spec(), up, worlds.DEPLOYED) == ()


def test_going_down_shows_both_sides_in_their_order() -> None:
    assert _steps(drift.down(REF, _aws_that_is_up(), _azure_that_is_up())) == [
        ("DisconnectAzure", "DeleteConnection"),
        ("DisconnectAzure", "DeleteLocalNetworkGateway"),
        ("RemoveRoutes", "DeleteRoute"),
        ("RetireGateway", "TerminateGateway"),
        *[("RetireGateway", "RevokeInbound")] * 3,
    ]


def test_a_route_that_a_person_has_repointed_is_named_as_left_alone() -> None:
    theirs = worlds.private_table(worlds.route(str(worlds.AZURE_PREFIX), "tgw-1"))
    found = drift.down(REF, _aws_that_is_up(route_tables=(theirs,)), None)
    (step,) = (step for step in found if step.state is State.REMOVE_ROUTES)
    assert (step.verb, step.condition.reason) == ("DisownRoute", "RouteNotOurs")
