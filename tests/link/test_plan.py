"""The plan is the difference between wanted and found: all of it from nothing, none of it when everything holds."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from link import choose, plan, steps
from link.facts import AwsFacts, Facts, Rule
from link.steps import State
from tests import worlds

OTHER = "eni-foreign"


def _up(aws: AwsFacts) -> tuple[steps.Step, ...]:
    facts = Facts(aws=aws, azure=worlds.azure())
    return plan.up(worlds.spec(), facts, worlds.DEPLOYMENT, worlds.PSK_SECRET)


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
    )


def _kinds(planned: tuple[steps.Step, ...]) -> list[str]:
    return [type(step).__name__ for step in planned]


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
    planned = _up(_done().model_copy(update={"own_routes": own}))
    assert planned[0] == steps.DropRoute(
        "PrefixGone", "10.9.0.0/16 is no longer behind Azure", worlds.PRIVATE_TABLE, IPv4Network("10.9.0.0/16")
    )


def test_a_second_gateway_is_retired_and_the_bearer_of_the_address_kept() -> None:
    done = _done()
    second = worlds.gateway(id="i-0000000000000000", interface="eni-0")
    planned = _up(done.model_copy(update={"gateways": (second, *done.gateways)}))
    assert [step for step in planned if isinstance(step, steps.TerminateGateway)] == [
        steps.TerminateGateway("GatewayNotWanted", "i-0000000000000000 is not the link's gateway", "i-0000000000000000")
    ]


def test_a_new_azure_address_changes_the_configuration_and_needs_no_new_gateway() -> None:
    moved = worlds.azure(gateway=worlds.vpn_gateway(addresses=(IPv4Address("203.0.113.9"),)))
    facts = Facts(aws=_done(), azure=moved)
    planned = plan.up(worlds.spec(), facts, worlds.DEPLOYMENT, worlds.PSK_SECRET)
    assert set(_kinds(planned)) == {"AllowInbound", "RevokeInbound", "PublishConfiguration", "ConnectAzure"}


def test_an_active_active_gateway_gets_a_tunnel_for_each_address() -> None:
    two = worlds.azure(gateway=worlds.vpn_gateway(addresses=(IPv4Address("203.0.113.5"), worlds.PEER)))
    document = plan.configuration(worlds.spec(), Facts(aws=worlds.aws(), azure=two), worlds.PSK_SECRET)
    assert [(tunnel.number, str(tunnel.peer)) for tunnel in document.tunnels] == [
        (1, "203.0.113.4"),
        (2, "203.0.113.5"),
    ]


def test_down_removes_routes_before_the_gateway_and_forgets_what_a_person_repointed() -> None:
    other = IPv4Network("10.8.0.0/16")
    table = worlds.private_table(
        worlds.route("10.0.0.0/16", worlds.gateway().interface), worlds.route(str(other), OTHER)
    )
    own = frozenset({(worlds.PRIVATE_TABLE, worlds.AZURE_PREFIX), (worlds.PRIVATE_TABLE, other)})
    planned = plan.down(_done().model_copy(update={"route_tables": (table,), "own_routes": own}))
    assert _kinds(planned) == ["RemoveRoute", "ForgetRoute", "DetachElasticIp", "TerminateGateway"]


def test_down_from_nothing_has_nothing_to_do() -> None:
    assert plan.down(worlds.aws()) == ()


def test_every_step_belongs_to_a_state_of_the_walk() -> None:
    def leaves(kind: type[steps.Step]) -> list[type[steps.Step]]:
        return [leaf for child in kind.__subclasses__() for leaf in leaves(child)] or [kind]

    assert all(isinstance(kind.state, State) for kind in leaves(steps.Step))


def test_the_azure_side_bears_our_tags_and_the_persons_own() -> None:
    wanted = plan.azure_wanted(worlds.spec(tags={"owner": "net"}), worlds.aws(), worlds.DEPLOYMENT)
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
    assert choose.public_subnets(found) == ("subnet-a",)
