"""The plan is the difference between wanted and found: all of it from nothing, none of it when everything holds."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from link import choose, plan, plan_undo, steps
from link.condition import Condition
from link.facts import AwsFacts, Facts, Rule, Subnet
from tests import worlds

OTHER = "eni-foreign"
NOTHING = Facts(aws=worlds.aws(), azure=worlds.azure())


def _up(aws: AwsFacts) -> tuple[steps.Step, ...]:
    facts = Facts(aws=aws, azure=worlds.azure())
    return plan.up(worlds.spec(), facts, worlds.DEPLOYED)


def _done() -> AwsFacts:
    """The AWS side of a link that is up."""
    mine = worlds.gateway()
    facts = Facts(aws=worlds.aws(), azure=worlds.azure())
    table = worlds.private_table(worlds.route("10.0.0.0/16", mine.interface))
    address = worlds.aws().elastic_ip.model_copy(update={"interface": mine.interface, "association": "eipassoc-1"})
    return worlds.aws(
        rules=tuple(plan.wanted_rules(facts)),
        gateways=(mine,),
        route_tables=(worlds.aws().route_tables[0], table),
        elastic_ip=address,
        own_routes=frozenset({(worlds.PRIVATE_TABLE, worlds.AZURE_PREFIX)}),
        published_version=plan.configuration(worlds.spec(), facts, worlds.PSK_SECRET).digest(),
        established_in="vpc-0123456789abcdef0",
    )


def _kinds(planned: tuple[steps.Step, ...]) -> list[str]:
    return [step.verb for step in planned]


def _actions[T](planned: tuple[steps.Step, ...], kind: type[T]) -> list[T]:
    return [step.action for step in planned if isinstance(step.action, kind)]


def test_from_nothing_a_gateway_is_launched_behind_its_rules_with_its_configuration() -> None:
    assert _kinds(_up(worlds.aws())) == [
        "AllowInbound",
        "AllowInbound",
        "AllowInbound",
        "PublishConfiguration",
        "LaunchGateway",
        "ConnectAzure",
    ]


def test_inbound_is_ike_from_azure_and_everything_from_the_vpc_and_nothing_else() -> None:
    facts = Facts(aws=worlds.aws(), azure=worlds.azure())
    assert plan.wanted_rules(facts) == {
        Rule(protocol="udp", from_port=500, to_port=500, cidr=IPv4Network("203.0.113.4/32")),
        Rule(protocol="udp", from_port=4500, to_port=4500, cidr=IPv4Network("203.0.113.4/32")),
        Rule(protocol="-1", from_port=None, to_port=None, cidr=IPv4Network("10.101.0.0/16")),
    }


def test_what_holds_is_left_alone() -> None:
    assert _kinds(_up(_done())) == ["ConnectAzure"]


def test_a_gateway_that_was_launched_gets_address_and_routes() -> None:
    aws = worlds.aws(gateways=(worlds.gateway(source_dest_check=True),))
    assert _kinds(_up(aws))[4:-1] == ["DisableSourceDestCheck", "AttachElasticIp", "CreateRoute"]


def test_a_rule_that_nobody_wants_is_revoked() -> None:
    ssh = Rule(protocol="tcp", from_port=22, to_port=22, cidr=IPv4Network("0.0.0.0/0"))
    done = _done()
    planned = _up(done.model_copy(update={"rules": (*done.rules, ssh)}))
    assert _kinds(planned) == ["RevokeInbound", "ConnectAzure"]


@pytest.mark.parametrize("target", ["eni-old", OTHER, ""])
def test_a_route_of_ours_that_points_elsewhere_is_pointed_back(target: str) -> None:
    table = worlds.private_table(worlds.route("10.0.0.0/16", target, blackhole=target == ""))
    done = _done().model_copy(update={"route_tables": (worlds.aws().route_tables[0], table)})
    assert _kinds(_up(done)) == ["ReplaceRoute", "ConnectAzure"]


def test_a_route_that_is_not_ours_is_never_touched() -> None:
    table = worlds.private_table(worlds.route("10.0.0.0/16", OTHER))
    changes = {"route_tables": (worlds.aws().route_tables[0], table), "own_routes": frozenset()}
    assert _kinds(_up(_done().model_copy(update=changes))) == ["ConnectAzure"]


def test_a_prefix_that_left_azure_loses_its_route() -> None:
    own = frozenset({(worlds.PRIVATE_TABLE, worlds.AZURE_PREFIX), (worlds.PRIVATE_TABLE, IPv4Network("10.9.0.0/16"))})
    routes = (*_done().route_tables[1].routes, worlds.route("10.9.0.0/16", worlds.gateway().interface))
    tables = (_done().route_tables[0], _done().route_tables[1].model_copy(update={"routes": routes}))
    planned = _up(_done().model_copy(update={"own_routes": own, "route_tables": tables}))
    assert planned[0].condition.key == ("PrefixGone", f"{worlds.PRIVATE_TABLE}/10.9.0.0/16")
    assert planned[0].action == steps.DeleteRoute(worlds.PRIVATE_TABLE, IPv4Network("10.9.0.0/16"))


@pytest.mark.parametrize("table", [worlds.PRIVATE_TABLE, "rtb-gone"])
def test_a_route_that_is_gone_with_its_prefix_or_its_table_is_only_struck_from_the_list(table: str) -> None:
    """To delete it IAM would have to know the VPC of a table that is not there."""
    destination = IPv4Network("10.9.0.0/16") if table == worlds.PRIVATE_TABLE else worlds.AZURE_PREFIX
    own = frozenset({(worlds.PRIVATE_TABLE, worlds.AZURE_PREFIX), (table, destination)})
    planned = _up(_done().model_copy(update={"own_routes": own}))
    assert planned[0].condition.key == ("RouteGone", f"{table}/{destination}")
    assert planned[0].action == steps.DisownRoute(table, destination)


def test_a_route_that_somebody_repointed_stays_when_its_prefix_left_azure() -> None:
    """As when the link goes: a walk down leaves it too."""
    table, gone = worlds.PRIVATE_TABLE, IPv4Network("10.9.0.0/16")
    routes = (*_done().route_tables[1].routes, worlds.route("10.9.0.0/16", "tgw-1", blackhole=True))
    tables = (_done().route_tables[0], _done().route_tables[1].model_copy(update={"routes": routes}))
    own = frozenset({(table, worlds.AZURE_PREFIX), (table, gone)})
    planned = _up(_done().model_copy(update={"own_routes": own, "route_tables": tables}))
    assert planned[0].condition.key == ("RouteNotOurs", f"{table}/{gone}")
    assert planned[0].condition.message.endswith(f"another team has pointed it in {table} at tgw-1")
    assert planned[0].action == steps.DisownRoute(table, gone)


def test_a_second_gateway_is_retired_and_the_bearer_of_the_address_kept() -> None:
    done = _done()
    second = worlds.gateway(id="i-0000000000000000", interface="eni-0")
    planned = _up(done.model_copy(update={"gateways": (second, *done.gateways)}))
    assert _actions(planned, steps.TerminateGateway) == [steps.TerminateGateway("i-0000000000000000")]


def test_a_new_azure_address_changes_the_configuration_and_needs_no_new_gateway() -> None:
    moved = worlds.azure(gateway=worlds.vpn_gateway(addresses=(IPv4Address("203.0.113.9"),)))
    facts = Facts(aws=_done(), azure=moved)
    planned = plan.up(worlds.spec(), facts, worlds.DEPLOYED)
    assert set(_kinds(planned)) == {"AllowInbound", "RevokeInbound", "PublishConfiguration", "ConnectAzure"}


def test_an_active_active_gateway_gets_a_tunnel_for_each_address() -> None:
    two = worlds.azure(gateway=worlds.vpn_gateway(addresses=(IPv4Address("203.0.113.5"), worlds.PEER)))
    document = plan.configuration(worlds.spec(), Facts(aws=worlds.aws(), azure=two), worlds.PSK_SECRET)
    assert [(tunnel.number, str(tunnel.peer)) for tunnel in document.tunnels] == [
        (1, "203.0.113.4"),
        (2, "203.0.113.5"),
    ]


def test_down_removes_routes_before_the_gateway_and_leaves_what_a_person_repointed() -> None:
    other = IPv4Network("10.8.0.0/16")
    table = worlds.private_table(
        worlds.route("10.0.0.0/16", worlds.gateway().interface), worlds.route(str(other), OTHER)
    )
    own = frozenset({(worlds.PRIVATE_TABLE, worlds.AZURE_PREFIX), (worlds.PRIVATE_TABLE, other)})
    planned = plan_undo.down(_done().model_copy(update={"route_tables": (table,), "own_routes": own}))
    assert _kinds(planned) == [
        "DeleteRoute",
        "DisownRoute",
        "TerminateGateway",
        *["RevokeInbound"] * 3,
    ]
    assert "10.8.0.0/16" in planned[1].condition.message
    assert OTHER in planned[1].condition.message


def test_down_takes_the_address_off_an_interface_that_is_no_gateways() -> None:
    address = _done().elastic_ip.model_copy(update={"interface": OTHER})
    planned = plan_undo.down(_done().model_copy(update={"elastic_ip": address}))
    assert _kinds(planned)[1:3] == ["TerminateGateway", "DetachElasticIp"]


def test_down_forgets_a_route_that_is_gone() -> None:
    planned = plan_undo.down(_done().model_copy(update={"route_tables": (worlds.private_table(),)}))
    assert _kinds(planned)[0] == "DisownRoute"


def test_down_from_nothing_has_nothing_to_do() -> None:
    assert plan_undo.down(worlds.aws()) == ()


def test_the_azure_side_bears_our_tags_and_the_persons_own() -> None:
    wanted = plan.azure_wanted(worlds.spec(tags={"owner": "net"}), NOTHING, worlds.DEPLOYMENT)
    assert wanted.tags == {"owner": "net", "causeway-link": "prod", "causeway-deployment": worlds.DEPLOYMENT}
    assert str(wanted.address) == "198.51.100.7"


def test_a_stopped_instance_is_no_gateway_and_makes_room_for_one() -> None:
    stopped = _done().model_copy(update={"gateways": (worlds.gateway(state="stopped"),)})
    assert "LaunchGateway" in _kinds(_up(stopped))


def test_a_route_to_our_own_interface_that_is_a_black_hole_is_made_anew() -> None:
    table = worlds.private_table(worlds.route("10.0.0.0/16", worlds.gateway().interface, blackhole=True))
    done = _done().model_copy(update={"route_tables": (worlds.aws().route_tables[0], table)})
    assert _kinds(_up(done)) == ["ReplaceRoute", "ConnectAzure"]


def test_a_subnet_without_a_table_of_its_own_follows_the_main_one() -> None:
    public = worlds.aws().route_tables[0].model_copy(update={"subnets": ()})
    found = worlds.aws(route_tables=(public, worlds.private_table()))
    assert [subnet.id for subnet in choose.public_subnets(worlds.spec(), found)] == ["subnet-a"]


OLD = "i-0000000000000001"
NEW = "i-0000000000000002"


@pytest.mark.parametrize(
    ("declared", "old", "reason"),
    [
        ({"aws.instance_type": "t3.medium"}, {}, "InstanceTypeDiffers"),
        ({"aws.image": "ami-0123456789abcdef0"}, {}, "ImageDiffers"),
        ({"aws.gateway_subnet": "subnet-0123456789abcdef0"}, {}, "SubnetDiffers"),
        ({}, {"agent": "of an older release"}, "AgentDiffers"),
        ({}, {"image": None}, "ImageDiffers"),
    ],
)
def test_what_only_another_instance_can_change_is_launched_beside_the_old_one(
    declared: dict[str, str], old: dict[str, str], reason: str
) -> None:
    aws = _done().model_copy(update={"gateways": (worlds.gateway(**old),)})
    planned = plan.up(worlds.spec(**declared), Facts(aws=aws, azure=worlds.azure()), worlds.DEPLOYED)
    assert (planned[0].verb, planned[0].condition.reason) == ("LaunchGateway", reason)
    assert _kinds(planned) == ["LaunchGateway", "ConnectAzure"]


def _replaced(**new: object) -> tuple[steps.Step, ...]:
    """The plan when the wanted gateway stands beside the one that serves."""
    wanted = worlds.gateway(id=NEW, interface="eni-new", instance_type="t3.medium", **new)
    aws = _done().model_copy(update={"gateways": (worlds.gateway(), wanted)})
    return plan.up(
        worlds.spec(**{"aws.instance_type": "t3.medium"}), Facts(aws=aws, azure=worlds.azure()), worlds.DEPLOYED
    )


def test_the_new_gateway_takes_over_address_and_routes_and_then_the_old_one_is_retired() -> None:
    planned = _replaced()
    assert _kinds(planned) == ["AttachElasticIp", "ReplaceRoute", "ConnectAzure", "TerminateGateway"]
    assert _actions(planned, steps.TerminateGateway) == [steps.TerminateGateway(OLD)]


def test_a_new_gateway_that_told_of_a_failed_boot_is_replaced_and_ended() -> None:
    planned = _replaced(booted=False, failed=True)
    assert _kinds(planned) == ["LaunchGateway", "ConnectAzure"]


def test_an_image_parameter_that_moved_on_replaces_nothing() -> None:
    assert _kinds(_up(_done())) == ["ConnectAzure"]


def test_a_gateway_of_azure_that_has_no_address_now_changes_neither_rules_nor_configuration() -> None:
    for gateway in (None, worlds.vpn_gateway(addresses=())):
        facts = Facts(aws=_done(), azure=worlds.azure(gateway=gateway))
        assert _kinds(plan.up(worlds.spec(), facts, worlds.DEPLOYED)) == ["ConnectAzure"]


def test_routes_stay_while_a_declared_network_was_never_seen_and_while_no_table_is_private() -> None:
    unseen = worlds.azure(virtual_networks=(), missing_networks=("workloads",))
    assert _kinds(plan.up(worlds.spec(), Facts(aws=_done(), azure=unseen), worlds.DEPLOYED)) == ["ConnectAzure"]
    public = [
        table.model_copy(update={"routes": (*table.routes, worlds.route("0.0.0.0/0", "igw-1"))})
        for table in _done().route_tables
    ]
    assert _kinds(_up(_done().model_copy(update={"route_tables": tuple(public)}))) == ["ConnectAzure"]


def test_the_configuration_of_a_link_that_has_been_up_is_replaced_after_azure_is_ready() -> None:
    aws = _done().model_copy(update={"published_version": "another"})
    assert _kinds(_up(aws)) == ["ConnectAzure", "PublishConfiguration"]
    assert _kinds(_up(aws.model_copy(update={"established_in": None}))) == ["PublishConfiguration", "ConnectAzure"]
    assert _kinds(_up(aws.model_copy(update={"published_version": None}))) == ["PublishConfiguration", "ConnectAzure"]


def _failed_change(**new: object) -> AwsFacts:
    """Everything has moved to a new gateway, which then failed."""
    newcomer = worlds.gateway(id=NEW, interface="eni-new", **new)
    table = worlds.private_table(worlds.route("10.0.0.0/16", "eni-new"))
    address = _done().elastic_ip.model_copy(update={"interface": "eni-new"})
    changes = {"gateways": (worlds.gateway(), newcomer), "route_tables": (table,), "elastic_ip": address}
    return _done().model_copy(update=changes)


def test_after_a_failed_change_everything_goes_back_to_the_gateway_that_served() -> None:
    planned = plan_undo.restore(_failed_change(), OLD)
    assert _kinds(planned) == ["AttachElasticIp", "ReplaceRoute", "TerminateGateway"]
    moved = [action.interface for action in _actions(planned, steps.AttachElasticIp)]
    moved += [action.interface for action in _actions(planned, steps.ReplaceRoute)]
    assert set(moved) == {worlds.gateway().interface}
    assert _actions(planned, steps.TerminateGateway) == [steps.TerminateGateway(NEW)]


def test_a_condemned_gateway_is_given_nothing_back_while_there_is_another() -> None:
    facts = _failed_change()
    ill = facts.gateways[0].model_copy(update={"condemned": Condition(reason="GatewayDead", message="it is silent")})
    assert plan_undo.kept(facts.model_copy(update={"gateways": (ill, *facts.gateways[1:])}), OLD) == facts.gateways[1]
    assert plan_undo.kept(facts.model_copy(update={"gateways": (ill,)}), OLD) == ill


def test_a_newcomer_that_can_serve_is_kept_when_nothing_served_before() -> None:
    facts = _failed_change()
    alone = facts.model_copy(update={"gateways": facts.gateways[1:]})
    assert plan_undo.restore(alone, OLD) == ()
    unbooted = alone.model_copy(update={"gateways": (facts.gateways[1].model_copy(update={"booted": False}),)})
    assert _kinds(plan_undo.restore(unbooted, OLD)) == ["TerminateGateway"]


def test_a_newcomer_that_has_nothing_yet_is_given_all_that_it_needs_to_serve() -> None:
    table = worlds.private_table(
        worlds.route("10.0.0.0/16", "eni-gone", blackhole=True), worlds.route("10.9.0.0/16", "eni-gone", blackhole=True)
    )
    newcomer = worlds.gateway(id=NEW, interface="eni-new", source_dest_check=True)
    bare = _done().model_copy(update={"gateways": (newcomer,), "route_tables": (table,)})
    planned = plan_undo.restore(bare, OLD)
    assert _kinds(planned) == ["DisableSourceDestCheck", "AttachElasticIp", "ReplaceRoute"]
    assert [str(action.destination) for action in _actions(planned, steps.ReplaceRoute)] == ["10.0.0.0/16"]


def test_a_route_of_ours_that_was_never_recorded_is_recorded() -> None:
    aws = _done().model_copy(update={"own_routes": frozenset()})
    assert next((step.verb, step.condition.reason) for step in _up(aws)) == ("ReplaceRoute", "RouteUnrecorded")


SECOND = Subnet(id="subnet-c", zone="eu-west-1b", cidr=IPv4Network("10.101.2.0/24"))


def _places(*more: Subnet, offering: frozenset[str] | None = None, **changes: object) -> list[str]:
    """Where a gateway would be launched, with more public subnets than one."""
    public = worlds.aws().route_tables[0]
    public = public.model_copy(update={"subnets": ("subnet-a", *(one.id for one in more))})
    aws = worlds.aws(subnets=(*worlds.aws().subnets, *more), route_tables=(public, worlds.private_table()), **changes)
    planned = plan.up(worlds.spec(), Facts(aws=aws, azure=worlds.azure()), worlds.DEPLOYED, offering)
    (launch,) = _actions(planned, steps.LaunchGateway)
    return [place.id for place in launch.places]


def test_a_gateway_is_launched_where_its_type_is_offered_and_elsewhere_only_after_that() -> None:
    assert _places(SECOND) == ["subnet-a", "subnet-c"]
    assert _places(SECOND, offering=frozenset({"eu-west-1b"})) == ["subnet-c", "subnet-a"]


def test_a_zone_whose_gateway_died_or_stayed_silent_is_tried_after_the_others() -> None:
    assert _places(SECOND, launched_zones=("eu-west-1a",)) == ["subnet-c", "subnet-a"]
    assert _places(SECOND, launched_zones=("eu-west-1b", "eu-west-1a")) == ["subnet-c", "subnet-a"]
    assert _places(SECOND, launched_zones=("eu-west-1a", "eu-west-1b")) == ["subnet-a", "subnet-c"]
    silent = worlds.gateway(condemned=Condition(reason="GatewayDead", message="it is silent"))
    assert _places(SECOND, gateways=(silent,)) == ["subnet-c", "subnet-a"]
    failed = worlds.gateway(booted=False, failed=True)
    assert _places(SECOND, gateways=(failed,)) == ["subnet-c", "subnet-a"]


def test_a_gateway_that_a_change_replaces_stays_in_its_zone() -> None:
    old = worlds.gateway(subnet="subnet-c", agent="of an older release")
    assert _places(SECOND, gateways=(old,), launched_zones=("eu-west-1b",)) == ["subnet-c", "subnet-a"]


def test_where_its_zone_is_full_the_other_zones_take_turns() -> None:
    old = worlds.gateway(subnet="subnet-c", agent="of an older release")
    third = SECOND.model_copy(update={"id": "subnet-d", "zone": "eu-west-1c"})
    assert _places(SECOND, third, gateways=(old,)) == ["subnet-c", "subnet-a", "subnet-d"]
    tried = ("eu-west-1b", "eu-west-1a")
    assert _places(SECOND, third, gateways=(old,), launched_zones=tried) == ["subnet-c", "subnet-d", "subnet-a"]


def test_a_route_that_leads_to_another_gateway_that_works_is_not_passed_over() -> None:
    old = worlds.gateway(id=OLD, interface="eni-old", agent="of an older release")
    for found, single in ((old, False), (old.model_copy(update={"booted": False}), True)):
        table = worlds.private_table(worlds.route("10.0.0.0/16", found.interface))
        tables = (worlds.aws().route_tables[0], table)
        aws = _done().model_copy(update={"gateways": (found, worlds.gateway()), "route_tables": tables})
        (route,) = _actions(_up(aws), steps.ReplaceRoute)
        assert steps.is_single(route) is single


@pytest.mark.parametrize("zone", ["eu-west-1-lhr-1a", "eu-west-1-wl1-dub-wlz-1", "eu-west-1", "us-east-1a"])
def test_a_zone_that_is_no_availability_zone_of_the_region_is_never_tried(zone: str) -> None:
    """A Local Zone's name sorts before the region's last zones, and its border group cannot bear the address."""
    assert _places(SECOND.model_copy(update={"zone": zone})) == ["subnet-a"]


def test_each_zone_is_tried_once_before_a_second_subnet_of_one() -> None:
    again = SECOND.model_copy(update={"id": "subnet-aa", "zone": "eu-west-1a"})
    assert _places(again, SECOND) == ["subnet-a", "subnet-c", "subnet-aa"]


def test_a_declared_subnet_is_the_only_place() -> None:
    aws = worlds.aws(launched_zones=("eu-west-1a",))
    subnet = "subnet-0123456789abcdef0"
    declared = SECOND.model_copy(update={"id": subnet})
    aws = aws.model_copy(update={"subnets": (*aws.subnets, declared)})
    spec = worlds.spec(**{"aws.gateway_subnet": subnet})
    (launch,) = _actions(plan.up(spec, Facts(aws=aws, azure=worlds.azure()), worlds.DEPLOYED), steps.LaunchGateway)
    assert [place.id for place in launch.places] == [subnet]


def test_a_walk_waits_for_the_gateway_that_may_still_boot_and_else_asks_the_one_that_failed() -> None:
    failed = worlds.gateway(booted=False, failed=True)
    fresh = worlds.gateway(id=NEW, booted=False)
    assert choose.awaited(worlds.spec(), worlds.AGENT, (failed, fresh)) == fresh
    assert choose.awaited(worlds.spec(), worlds.AGENT, (failed,)) == failed


def test_of_two_that_boot_the_one_with_the_address_is_waited_for_and_is_the_links() -> None:
    first, bearer = (
        worlds.gateway(id=f"i-{number}", interface=f"eni-{number}", state="pending", booted=False) for number in (1, 2)
    )
    waited = choose.awaited(worlds.spec(), worlds.AGENT, (first, bearer), bearer.interface)
    assert waited == choose.gateway(worlds.spec(), worlds.AGENT, (first, bearer), bearer.interface) == bearer
