"""Every drill, in the order of a full run; those of an active-active gateway, and those of two links."""

from rehearsal.drills import aws, azure, clouds, double_faults, image, itself, machine, network, peers
from rehearsal.drills.drill import Drill, Group, Healer, Loss

_TRAFFIC = (
    # The kernel goes on carrying what it has been told to; no SA is renewed any more.
    Drill("pluto-hung", Group.TRAFFIC, machine.hang_pluto, "pluto is hung", Healer.AGENT, machine.pluto, loss=Loss.MAY),
    Drill("ipsec-stopped", Group.TRAFFIC, machine.stop_ipsec, "pluto is not running", Healer.AGENT, machine.pluto),
    Drill(
        "configuration-edited",
        Group.TRAFFIC,
        machine.edit_configuration,
        "configuration on the gateway is another",
        Healer.AGENT,
        machine.configuration,
    ),
    Drill(
        "connection-reset",
        Group.TRAFFIC,
        azure.reset_connection,
        "Azure says NotConnected",
        Healer.AGENT,
        loss=Loss.MAY,
    ),
    Drill("route-deleted", Group.TRAFFIC, aws.delete_route, "has no route to"),
    Drill(
        "route-elsewhere",
        Group.TRAFFIC,
        aws.point_route_elsewhere,
        "routes .* to eni-.*blackhole",
        prepare=aws.make_interface,
        restore=aws.delete_interface,
    ),
    Drill(
        "route-table-new",
        Group.TRAFFIC,
        aws.new_route_table,
        "has no route to",
        restore=aws.without_new_route_table,
    ),
    Drill("source-dest-check-on", Group.TRAFFIC, aws.check_source_and_destination, "source/destination check is on"),
    Drill("elastic-ip-disassociated", Group.TRAFFIC, aws.disassociate, "Elastic IP is on nothing"),
    Drill(
        "elastic-ip-elsewhere",
        Group.TRAFFIC,
        aws.associate_elsewhere,
        "Elastic IP is on eni-",
        prepare=aws.make_interface,
        restore=aws.delete_interface,
    ),
    Drill("connection-deleted", Group.TRAFFIC, azure.delete_connection, "Azure has no connection"),
    Drill("local-gateway-address", Group.TRAFFIC, azure.edit_address, "local network gateway has the address"),
    Drill("local-gateway-prefixes", Group.TRAFFIC, azure.edit_prefixes, "local network gateway has \\["),
    Drill("shared-key-changed", Group.TRAFFIC, azure.change_key, "another shared key"),
    Drill("policy-changed", Group.TRAFFIC, azure.change_policy, "another policy"),
    Drill(
        "vnet-prefix-added",
        Group.TRAFFIC,
        azure.add_prefix,
        "has no route to 10.3",
        ends=azure.to_new_prefix,
        from_end=True,
    ),
    Drill(
        "vpc-cidr-added",
        Group.TRAFFIC,
        aws.add_cidr,
        "local network gateway has \\[",
        restore=aws.without_cidr,
        ends=aws.to_new_cidr,
        from_end=True,
    ),
    Drill(
        "azure-gateway-replaced",
        Group.TRAFFIC,
        azure.replace_gateway,
        "told of the peers",
        prepare=azure.make_address,
        restore=azure.delete_spare_address,
        from_end=True,
    ),
    Drill("gateway-terminated", Group.TRAFFIC, aws.terminate, "0 gateways are alive", Healer.INSTANCE),
    Drill("gateway-powered-off", Group.TRAFFIC, aws.power_off, "is stopped", Healer.INSTANCE),
)
_DRIFT = (
    Drill("vnet-prefix-removed", Group.DRIFT, azure.remove_prefix, "not behind Azure", loss=Loss.NONE),
    Drill("inbound-rule-removed", Group.DRIFT, aws.revoke_rule, "no inbound rule for", loss=Loss.NONE),
    Drill("rule-opened", Group.DRIFT, aws.open_to_the_world, "rule too many: 0.0.0.0/0", loss=Loss.NONE),
    Drill("agent-killed", Group.DRIFT, machine.kill_agent, "the agent is", Healer.AGENT, machine.agent, loss=Loss.NONE),
)
_PLAIN = {one.name: one for one in (*_TRAFFIC, *_DRIFT)}
_DOUBLE = double_faults.of(_PLAIN)
_FOR_A_WHILE_S = 150.0  # longer than three looks by the schedule
_STILL = (
    Drill(
        "link-cut",
        Group.STILL,
        network.cut,
        "carries nothing",
        more=network.is_cut,
        mend=network.join,
        lasts_s=network.THREE_DEAD_PEER_TIMES_S,
    ),
    Drill(
        "aws-throttled",
        Group.STILL,
        clouds.throttle,
        "EC2 throttles",
        more=clouds.is_throttled,
        mend=clouds.clear,
        lasts_s=_FOR_A_WHILE_S,
        loss=Loss.NONE,
    ),
    Drill(
        "function-unreachable",
        Group.STILL,
        clouds.end_function,
        "the Function does not answer",
        more=clouds.function_is_away,
        mend=clouds.clear,
        lasts_s=_FOR_A_WHILE_S,
        loss=Loss.NONE,
    ),
    Drill(
        "azure-operation-endless",
        Group.STILL,
        clouds.stick,
        "Azure does not end",
        more=clouds.is_stuck,
        mend=clouds.clear,
        lasts_s=_FOR_A_WHILE_S,
        may_change=("azure local network gateways",),  # what the operation is about
        loss=Loss.NONE,
    ),
    Drill(
        "disk-full",
        Group.STILL,
        machine.fill_disk,
        "disk is full",
        more=machine.disk,
        mend=machine.empty_disk,
        lasts_s=_FOR_A_WHILE_S,
        loss=Loss.NONE,
    ),
)
_ITSELF = (
    *itself.killings(),
    Drill(
        "image-does-not-boot",
        Group.ITSELF,
        image.replace,
        "2 gateways are alive",
        more=image.is_deploying,
        restore=image.give_back,
        judge=image.kept,
        loss=Loss.NONE,
    ),
    Drill(
        "killed-ExplainBoot",
        Group.ITSELF,
        itself.explain_boot,
        "2 gateways are alive",
        more=itself.still_explains,
        restore=image.give_back,
        judge=image.serves_on,
        loss=Loss.NONE,
    ),
    Drill(
        "image-never-boots",
        Group.ITSELF,
        image.terminate,
        "0 gateways are alive",
        Healer.INSTANCE,
        mend=image.mend,
        lasts_s=image.GIVES_UP_S,
        restore=image.give_back,
        judge=image.bounded_and_told,
    ),
    Drill("walks-racing", Group.ITSELF, itself.race, itself.ROUTE, judge=itself.done_once),
)


def _killed(number: int, loss: Loss) -> Drill:
    peer = peers.Killing(number)
    return Drill(
        f"peer-{number}-killed",
        Group.TRAFFIC,
        peer.kill,
        "the peer .* is gone",
        Healer.OTHER_TUNNEL,
        more=peer.is_away,
        mend=peer.give_back,
        lasts_s=peers.AWAY_S,
        judge=peer.judge,
        loss=loss,
    )


# They need a gateway of two addresses, which the others do not have. What goes to Azure takes the first tunnel; answers
# come by either, as Azure likes, so that the end of the second may cost some, until Azure answers by the first.
ACTIVE_ACTIVE = (_killed(1, Loss.MUST), _killed(2, Loss.MAY))
# They need two links, and so clouds of their own.
ONE_BAD_LINK = "one-bad-link"
BAD_LINK = double_faults.beside_a_bad_link(_PLAIN)
DRILLS = (*_TRAFFIC, *_DRIFT, *_DOUBLE, *_STILL, *_ITSELF)
EVERY = (*DRILLS, *ACTIVE_ACTIVE, *BAD_LINK)
REHEARSED = (
    "gateway-terminated",
    "elastic-ip-disassociated",
    "route-deleted",
    "azure-gateway-replaced",
    "shared-key-changed",
)
MUTED = (
    "route-deleted",
    "elastic-ip-disassociated",
    "source-dest-check-on",
    "connection-deleted",
    "shared-key-changed",
)


def named(*names: str) -> tuple[Drill, ...]:
    """These drills; one name stands for all with a bad link. Raises KeyError for a name that is none."""
    known = {one.name: (one,) for one in EVERY}
    return tuple(one for name in names for one in (BAD_LINK if name == ONE_BAD_LINK else known[name]))
