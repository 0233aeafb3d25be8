"""The changes that `rehearsal.changes` makes: each an edit of the declared link or of the customer's networks.

`differs` maps a kind of listing to one sign a resource: `+` new, `-` gone, `~` another content.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from azure.mgmt.network import models

from rehearsal import clients, deploy, networks, places, processes, services, traffic, wires, world

Link = dict[str, Any]
LOST_BY_REPLACEMENT_S = 3
ELSEWHERE = world.Link("elsewhere", networks.VPC_A, networks.VNET_2)  # not deployed: its networks are what is needed
OTHER_PROBE = "10.0.1.11"
OTHER_FUNCTIONS_URL = f"https://127.0.0.1:{places.FUNCTIONS_PORT}"  # the same host by another name
OTHER_TYPE = "t3.medium"
OTHER_IMAGE = "ami-0deb13a0000000003"
UNDONE_LATE = "ec2 Vpcs"  # a CIDR that was taken away stays listed for a while, in AWS too
ROUTES = "~" * sum(not one.public for one in networks.VPC_A.subnets)  # one table a private subnet
# A new gateway takes over: the address moves, and each private table's route.
REPLACED = {
    "ec2 Addresses": "~",
    "ec2 Instances": "+-",
    "ec2 NetworkInterfaces": "+-",
    "ec2 RouteTables": ROUTES,
    "ec2 Volumes": "+-",
}


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Change:
    """`most_lost` is a number of pings, None where a new tunnel has to be made. `refusal` is how it must fail."""

    name: str
    declare: Callable[[Link], Link]
    most_lost: int | None = 0
    differs: Mapping[str, str] = field(default_factory=dict)
    arm: tuple[str, ...] = ()
    edit: Callable[[], None] = _nothing
    refusal: str | None = None
    moves_to: networks.VNet | None = None


def _with(**fields: Mapping[str, Any]) -> Callable[[Link], Link]:
    """The link with other values in these parts of its declaration."""

    def declare(link: Link) -> Link:
        return link | {part: {**link.get(part, {}), **values} for part, values in fields.items()}

    return declare


def _replacement(name: str, **fields: str) -> Change:
    most_lost = round(LOST_BY_REPLACEMENT_S / traffic.PING_EVERY_S)
    return Change(name, _with(aws=fields), most_lost, REPLACED)


def all_of() -> tuple[Change, ...]:
    """In an order in which each begins where the one before ended."""
    first, second = networks.VNET_1, networks.VNET_2
    return (
        Change("probe", _with(probe={"address": OTHER_PROBE}), edit=lambda: answer_at(OTHER_PROBE)),
        Change("Function address", _with(azure={"function_url": OTHER_FUNCTIONS_URL}), edit=_move_function),
        # CloudFormation calls for a changed declaration only, so the probe goes where the new range is.
        Change(
            "prefix added to the virtual network",
            _with(probe={"address": str(networks.IN_NEW_PREFIX.address)}),
            differs={"ec2 RouteTables": ROUTES},
            edit=_add_prefix,
        ),
        Change(
            "CIDR added to the VPC",
            _with(probe={"address": str(first.host.address)}),
            differs={"azure local network gateways": "~", "ec2 SecurityGroups": "~"},
            arm=("PUT localNetworkGateways",),
            edit=_add_cidr,
        ),
        Change(
            "policy",
            _with(policy={"ipsec_encryption": "AES256", "ipsec_integrity": "SHA256"}),
            most_lost=None,
            differs={"azure connections": "~"},
            arm=("PUT connections",),
        ),
        _replacement("instance type", instance_type=OTHER_TYPE),
        _replacement("image", image=OTHER_IMAGE),
        Change(
            "Azure gateway",
            _with(
                azure={"vpn_gateway": second.gateway, "virtual_networks": [second.name]},
                probe={"address": str(second.host.address)},
            ),
            most_lost=None,
            differs={"azure connections": "~", "ec2 RouteTables": ROUTES, "ec2 SecurityGroups": "~"},
            arm=("DELETE connections", "PUT connections", "PUT sharedkey connections"),
            moves_to=second,
        ),
        Change(
            "refused: no such virtual network",
            _with(azure={"virtual_networks": [second.name, "nowhere"]}),
            refusal="VirtualNetworkMissing",
        ),
    )


def _move_function() -> None:
    """The app is deployed again under another address: it takes tokens that name it so, and no others."""
    processes.stop("functions")
    services.start([services.functions(OTHER_FUNCTIONS_URL)])


def answer_at(address: str) -> None:
    """The private host of the Azure side gets one more address, where there are hosts."""
    if services.has_data_plane():
        wires.ip(networks.VNET_1.host.namespace, [f"addr replace {address}/32 dev lo"])


def _add_prefix() -> None:
    set_prefixes(networks.VNET_1.cidr, networks.NEW_PREFIX)
    answer_at(str(networks.IN_NEW_PREFIX.address))


def set_prefixes(*prefixes: IPv4Network) -> None:
    """What is behind Azure's gateway is this from now on."""
    network, group = clients.arm().virtual_networks, clients.RESOURCE_GROUP
    found = network.get(group, networks.VNET_1.name).as_dict()
    found["properties"]["addressSpace"]["addressPrefixes"] = [str(one) for one in prefixes]
    network.begin_create_or_update(group, networks.VNET_1.name, models.VirtualNetwork(found)).result()


def _add_cidr() -> None:
    clients.aws("ec2").associate_vpc_cidr_block(
        VpcId=deploy.declared()[0]["aws"]["vpc"], CidrBlock=str(networks.NEW_CIDR)
    )


def undo() -> None:
    """The customer's networks are again as they were before the changes."""
    set_prefixes(networks.VNET_1.cidr)
    ec2, vpc = clients.aws("ec2"), deploy.declared()[0]["aws"]["vpc"]
    for block in ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlockAssociationSet"]:
        if block["CidrBlock"] == str(networks.NEW_CIDR):
            ec2.disassociate_vpc_cidr_block(AssociationId=block["AssociationId"])
