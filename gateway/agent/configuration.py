"""What the gateway should be: settings from the user data, and the configuration that the controller publishes.

Tolerant of fields it does not know, so that an older gateway can read a newer document.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from gateway.agent.fault import Fault

SETTINGS = Path("/etc/causeway/settings.json")


@dataclass(frozen=True)
class Settings:
    """All that the user data says: whose gateway this is, and where its configuration lies."""

    link: str
    region: str
    table: str


@dataclass(frozen=True)
class Tunnel:
    """XFRM interface `ipsec<number>` to one address of the Azure gateway."""

    number: int
    peer: IPv4Address

    @property
    def connection(self) -> str:
        """Libreswan's name for it, as link/ipsec.py writes it."""
        return f"causeway-{self.number}"

    @property
    def interface(self) -> str:
        """The kernel's name for it."""
        return f"ipsec{self.number}"


@dataclass(frozen=True)
class Target:
    """What is probed: by ICMP echo, or by TCP when a port is named."""

    address: IPv4Address
    port: int | None


@dataclass(frozen=True)
class Configuration:
    """One published version, as link.wanted.GatewayConfiguration describes it."""

    version: str
    elastic_ip: IPv4Address
    tunnels: tuple[Tunnel, ...]
    remote_prefixes: tuple[IPv4Network, ...]
    psk_secret: str
    probe: Target | None
    ipsec_conf: str
    nftables: str


def read_settings(path: Path = SETTINGS) -> Settings:
    """The settings that the user data wrote."""
    document = json.loads(path.read_text())
    return Settings(link=document["link"], region=document["region"], table=document["table"])


def parse(version: str, text: str) -> Configuration:
    """Turns the published document into values. Raises Fault when it is not one."""
    try:
        return _parse(version, json.loads(text))
    except (ValueError, KeyError, TypeError) as exc:
        raise Fault("ConfigurationInvalid", f"version {version} cannot be read: {exc!r}") from exc


def _parse(version: str, document: Mapping[str, Any]) -> Configuration:
    probe = document["probe"]
    return Configuration(
        version=version,
        elastic_ip=IPv4Address(document["elastic_ip"]),
        tunnels=tuple(Tunnel(int(item["number"]), IPv4Address(item["peer"])) for item in document["tunnels"]),
        remote_prefixes=tuple(IPv4Network(prefix) for prefix in document["remote_prefixes"]),
        psk_secret=str(document["psk_secret"]),
        probe=Target(IPv4Address(probe["address"]), probe.get("port")) if probe else None,
        ipsec_conf=str(document["ipsec_conf"]),
        nftables=str(document["nftables"]),
    )


def secrets_file(configuration: Configuration, psk: str) -> str:
    """The content of ipsec.secrets(5). Raises Fault for a key that cannot stand between double quotes."""
    if not psk or not psk.isascii() or not psk.isprintable() or '"' in psk:
        raise Fault("PskUnusable", "the pre-shared key is empty or holds a character that ipsec.secrets cannot hold")
    lines = [f'{configuration.elastic_ip} {tunnel.peer} : PSK "{psk}"\n' for tunnel in configuration.tunnels]
    return "".join(lines)
