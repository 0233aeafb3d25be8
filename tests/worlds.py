"""A link and a world to test with: the manual procedure's example networks. Each test changes what it is about."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from link import facts, reading, survey
from link.facts import Facts as Facts
from link.spec import LinkSpec
from link.wanted import Deployment

GUID = "11111111-2222-3333-4444-555555555555"
IDENTITY = "abcdefab-8888-7777-6666-555555555555"
DEPLOYMENT = "000000000000/eu-west-1/prod"
PSK_SECRET = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:psk-AbCdEf"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
AZURE_PREFIX = IPv4Network("10.0.0.0/16")
PEER = IPv4Address("203.0.113.4")
NETWORK = "/subscriptions/s/vnet/workloads"
AGENT = "0123456789abcdef"
DEPLOYED = Deployment(id=DEPLOYMENT, psk_secret=PSK_SECRET, agent=AGENT)
PRIVATE_TABLE = "rtb-0000000000000000b"


def declared(**changes: Any) -> dict[str, Any]:
    """A link as cdk.json declares it; a dotted name changes a nested field, and the value `...` removes it."""
    link: dict[str, Any] = {
        "name": "prod",
        "aws": {"region": "eu-west-1", "vpc": "vpc-0123456789abcdef0"},
        "azure": {
            "tenant": GUID,
            "subscription": GUID,
            "resource_group": "network",
            "vpn_gateway": "vpn-gateway",
            "virtual_networks": ["workloads"],
            "function_url": "https://causeway.azurewebsites.net",
            "function_identity": IDENTITY,
        },
    }
    for name, value in changes.items():
        *path, last = name.split(".")
        place = link
        for part in path:
            place = place.setdefault(part, {})
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return link


def spec(**changes: Any) -> LinkSpec:
    """A valid link."""
    return LinkSpec.model_validate(declared(**changes))


def gateway(**changes: Any) -> facts.Gateway:
    """A booted gateway that forwards."""
    found = facts.Gateway(
        id="i-0000000000000001",
        state="running",
        instance_type="t3.small",
        image="/aws/service/debian/release/13/latest/amd64",
        agent=AGENT,
        subnet="subnet-a",
        interface="eni-000000000000001",
        private_address=IPv4Address("10.101.0.10"),
        source_dest_check=False,
        booted=True,
    )
    return found.model_copy(update=changes)


def route(destination: str, target: str, *, blackhole: bool = False) -> facts.Route:
    """One row of a route table."""
    return facts.Route(destination=IPv4Network(destination), target=target, blackhole=blackhole)


def private_table(*more: facts.Route) -> facts.RouteTable:
    """The private subnets' route table."""
    local = route("10.101.0.0/16", "local")
    return facts.RouteTable(id=PRIVATE_TABLE, main=False, subnets=("subnet-b",), routes=(local, *more))


def aws(**changes: Any) -> facts.AwsFacts:
    """The AWS side before Causeway: a public and a private subnet, an internet gateway, a free Elastic IP."""
    public = facts.RouteTable(
        id="rtb-000000000000000a",
        main=True,
        subnets=("subnet-a",),
        routes=(route("10.101.0.0/16", "local"), route("0.0.0.0/0", "igw-1")),
    )
    found = facts.AwsFacts(
        cidrs=(IPv4Network("10.101.0.0/16"),),
        internet_gateway="igw-1",
        subnets=(
            facts.Subnet(id="subnet-a", zone="eu-west-1a", cidr=IPv4Network("10.101.0.0/24")),
            facts.Subnet(id="subnet-b", zone="eu-west-1a", cidr=IPv4Network("10.101.1.0/24")),
        ),
        route_tables=(public, private_table()),
        rules=(),
        gateways=(),
        elastic_ip=facts.ElasticIp(
            allocation="eipalloc-1", address=IPv4Address("198.51.100.7"), association=None, interface=None
        ),
        own_routes=frozenset(),
        published_version=None,
    )
    return found.model_copy(update=changes)


def azure(**changes: Any) -> facts.AzureFacts:
    """The Azure side before Causeway: a VPN gateway and one virtual network."""
    found = facts.AzureFacts(
        gateway=vpn_gateway(),
        virtual_networks=(facts.VirtualNetwork(id=NETWORK, prefixes=(AZURE_PREFIX,)),),
        local_network_gateway=None,
        connection=None,
    )
    return found.model_copy(update=changes)


def vpn_gateway(**changes: Any) -> facts.VpnGateway:
    """A route-based VPN gateway with one address."""
    found = facts.VpnGateway(
        id="/subscriptions/s/gateway",
        location="westeurope",
        sku="VpnGw1AZ",
        vpn_type="RouteBased",
        provisioning_state="Succeeded",
        addresses=(PEER,),
        virtual_network=NETWORK,
    )
    return found.model_copy(update=changes)


def acl_entry(number: int, *, egress: bool = False, **changes: Any) -> survey.AclEntry:
    """A rule of a network ACL: everything is allowed, unless told otherwise."""
    everything = survey.AclEntry(
        number=number,
        egress=egress,
        allow=True,
        protocol="-1",
        from_port=None,
        to_port=None,
        cidr=IPv4Network("0.0.0.0/0"),
    )
    return everything.model_copy(update=changes)


def network_acl(*entries: survey.AclEntry) -> survey.NetworkAcl:
    """The ACL of the public subnet; AWS's own default without rules named."""
    default = (acl_entry(100), acl_entry(100, egress=True))
    return survey.NetworkAcl(id="acl-1", subnets=("subnet-a",), entries=entries or default)


def surveyed(**changes: Any) -> survey.Survey:
    """What preflight alone looks at, with nothing wrong: open network ACL, room in the quotas, a web server."""
    found = survey.Survey(
        network_acls=(network_acl(),),
        offering_zones=frozenset({"eu-west-1a", "eu-west-1b"}),
        instance_type=survey.InstanceType(vcpus=2, architectures=("x86_64",)),
        images=(survey.Image(id="ami-1", architecture="x86_64", state="available"),),
        vcpus=survey.Quota(code="L-1216C47A", limit=32, used=30),
        ebs_key="alias/aws/ebs",
        elastic_ips=survey.Quota(code="L-0263D0A3", limit=5, used=4),
        security_groups=(survey.SecurityGroup(id="sg-web", admits=(IPv4Network("10.0.0.0/8"),)),),
        workloads=(survey.Workload(subnet="subnet-b", groups=("sg-web",)),),
        routes_per_table=50,
        permissions=(survey.Permission(action="ec2:RunInstances", allowed=True, said="DryRunOperation"),),
    )
    return found.model_copy(update=changes)


def connection(**changes: Any) -> facts.Connection:
    """A connection that is as wanted and connected."""
    found = facts.Connection(
        id="/subscriptions/s/connection",
        provisioning_state="Succeeded",
        status=facts.ConnectionStatus.CONNECTED,
        gateway="/subscriptions/s/gateway",
        local_network_gateway="/subscriptions/s/lng",
        protocol="IKEv2",
        mode="ResponderOnly",
        policy=spec().policy,
        key_matches=True,
        ingress_bytes=0,
        egress_bytes=0,
        ours=True,
    )
    return found.model_copy(update=changes)


def read(**changes: Any) -> reading.Reading:
    """A fresh reading of a tunnel that is up."""
    found = reading.Reading(
        link="prod",
        instance="i-0000000000000001",
        version="v1",
        read_at=NOW,
        tunnels=(reading.TunnelReading(number=1, state=reading.Observation.UP, bytes_in=0, bytes_out=0),),
        probe=None,
        outer_bytes_in=0,
        outer_bytes_out=0,
    )
    return found.model_copy(update=changes)
