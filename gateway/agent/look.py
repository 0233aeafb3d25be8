"""Looks at the machine: Libreswan, routes, interfaces, counters, instance metadata. Changes nothing.

What could not be read is None, which is not the same as nothing found.
"""

import http.client
import json
from collections.abc import Mapping
from ipaddress import IPv4Address

from gateway.agent import program, status

METADATA = "169.254.169.254"
ROUTE_PROTOCOL = "99"  # marks our routes; not among the numbers of rt_protos


def child_sas() -> tuple[status.ChildSa, ...] | None:
    """The child SAs that are installed."""
    try:
        return status.parse_traffic(program.run([program.WHACK, "--trafficstatus"], timeout_s=5))
    except program.ProgramFailed:
        return None


def states() -> Mapping[int, tuple[str, ...]]:
    """Libreswan's lines about each tunnel's SAs, also those under negotiation."""
    return status.parse_states(program.run([program.WHACK, "--showstates"], timeout_s=5))


def routes() -> frozenset[status.Route]:
    """Our routes."""
    return status.parse_routes(program.run([program.IP, "-json", "-4", "route", "show", "proto", ROUTE_PROTOCOL]))


def interfaces() -> tuple[status.Interface, ...]:
    """The tunnels' interfaces."""
    return status.parse_interfaces(program.run([program.IP, "-json", "link", "show", "type", "xfrm"]))


def outer_bytes() -> status.Bytes:
    """What passed on UDP 500 and 4500 since the first ruleset, IP headers included."""
    try:
        counters = status.parse_counters(program.run([program.NFT, "--json", "list", "counters"]))
    except program.ProgramFailed:
        return status.Bytes()
    return status.Bytes(counters.get("outer_in", 0), counters.get("outer_out", 0))


def own_address() -> str | None:
    """The address with which the gateway speaks inside the VPC, known to the other side as part of the VPC's range."""
    rows = json.loads(program.run([program.IP, "-json", "-4", "route", "get", METADATA]) or "[]")
    return str(rows[0]["prefsrc"]) if rows and "prefsrc" in rows[0] else None


class Metadata:
    """The instance metadata service, version 2."""

    def __init__(self, host: str = METADATA, port: int = 80) -> None:
        self._host = host
        self._port = port
        self._token: str | None = None

    def instance(self) -> str | None:
        """The instance's id."""
        found = self._read("/latest/meta-data/instance-id")
        return found or None

    def bears(self, elastic_ip: IPv4Address) -> bool | None:
        """Whether the Elastic IP is associated with this instance."""
        found = self._read("/latest/meta-data/public-ipv4")
        return None if found is None else found == str(elastic_ip)

    def _read(self, path: str) -> str | None:
        """The text, "" when there is none (404), None when the service did not answer."""
        try:
            if self._token is None:
                self._token = self._ask("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "21600"})
            return self._ask("GET", path, {"X-aws-ec2-metadata-token": self._token or ""})
        except (OSError, http.client.HTTPException):
            self._token = None
            return None

    def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=1)
        try:
            connection.request(method, path, headers=dict(headers))
            response = connection.getresponse()
            text = response.read().decode().strip()
        finally:
            connection.close()
        if response.status == http.HTTPStatus.NOT_FOUND:
            return ""
        if response.status != http.HTTPStatus.OK:
            raise http.client.HTTPException(f"status {response.status}")
        return text
