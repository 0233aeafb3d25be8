"""What the ARM server says its VPN gateways should run (peers.json), as frozen values; refused if malformed."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pydantic

from rehearsal import places

PEERS = places.ARM_STATE / "peers.json"
STATUS = places.ARM_STATE / "status.json"


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class Connection(_Frozen):
    """One ARM connection with its local network gateway; algorithms by Azure's names."""

    name: str
    peer_ip: IPv4Address
    remote_prefixes: tuple[IPv4Network, ...]
    shared_key: pydantic.SecretStr
    ike_encryption: str
    ike_integrity: str
    dh_group: str
    ipsec_encryption: str
    ipsec_integrity: str
    pfs_group: str
    sa_life_time_seconds: int
    dpd_timeout_seconds: int
    connection_mode: str
    resets: int = 0


class Gateway(_Frozen):
    """One public address of a VPN gateway."""

    gateway_ip: IPv4Address
    vnet_prefixes: tuple[IPv4Network, ...]
    connections: tuple[Connection, ...]


_GATEWAYS = pydantic.TypeAdapter(tuple[Gateway, ...])


def read(path: Path = PEERS) -> tuple[Gateway, ...]:
    """The gateways of now; none before the ARM server has written its first file."""
    return _GATEWAYS.validate_json(path.read_bytes()) if path.exists() else ()
