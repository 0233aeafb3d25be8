"""The instance metadata service, version 2: answers each machine of the VPC from what the emulator knows of it.

A machine is known by the address it asks from, as in EC2. Nothing is remembered beyond `FRESH_S`, so an Elastic IP
that moves is seen to move. Paths and formats: "Instance metadata categories", Amazon EC2 user guide.
"""

import http.server
import json
import secrets
import subprocess
import threading
import time
from http import HTTPStatus

from rehearsal import bridge, instance_facts, places

ADDRESS = "169.254.169.254"
VERSIONS = ("1.0", "2009-04-04", "2016-09-02", "2018-09-24", "2021-03-23", "latest")
TOKEN_PATH = "/latest/api/token"
TOKEN_MAX_S = 21600
FRESH_S = 0.2

type Tree = dict[str, "Tree | str | bytes"]


def metadata(instance: instance_facts.Instance) -> Tree:
    """The tree below `latest`, as nested dictionaries."""
    interface = {
        "device-number": "0",
        "interface-id": instance.interface_id,
        "local-hostname": instance.hostname,
        "local-ipv4s": instance.private_ip,
        "mac": instance.mac,
        "owner-id": places.ACCOUNT,
        "security-group-ids": "\n".join(instance.security_group_ids),
        "subnet-id": instance.subnet_id,
        "subnet-ipv4-cidr-block": instance.subnet_cidr,
        "vpc-id": instance.vpc_id,
        "vpc-ipv4-cidr-block": instance.vpc_cidr,
        "vpc-ipv4-cidr-blocks": instance.vpc_cidr,
    }
    tree: Tree = {
        "ami-id": instance.image_id,
        "ami-launch-index": "0",
        "hostname": instance.hostname,
        "instance-id": instance.instance_id,
        "instance-life-cycle": "on-demand",
        "instance-type": instance.instance_type,
        "local-hostname": instance.hostname,
        "local-ipv4": instance.private_ip,
        "mac": instance.mac,
        "network": {"interfaces": {"macs": {instance.mac: {**interface}}}},
        "placement": {"availability-zone": instance.zone, "region": places.REGION},
        "reservation-id": instance.reservation_id,
        "security-groups": "\n".join(instance.security_group_names),
        "services": {"domain": "amazonaws.com", "partition": "aws"},
    }
    if instance.public_ip:
        interface["public-ipv4s"] = instance.public_ip
        tree["public-ipv4"] = instance.public_ip
        tree["network"] = {"interfaces": {"macs": {instance.mac: {**interface}}}}
    if instance.role:
        profile = {"Code": "Success", "InstanceProfileArn": instance.profile_arn}
        credentials: Tree = {instance.role: instance_facts.credentials(instance)}
        tree["iam"] = {"info": json.dumps(profile), "security-credentials": credentials}
    document = {
        "accountId": places.ACCOUNT,
        "architecture": instance.architecture,
        "availabilityZone": instance.zone,
        "imageId": instance.image_id,
        "instanceId": instance.instance_id,
        "instanceType": instance.instance_type,
        "privateIp": instance.private_ip,
        "region": places.REGION,
        "version": "2017-09-30",
    }
    top: Tree = {"meta-data": tree, "dynamic": {"instance-identity": {"document": json.dumps(document, indent=2)}}}
    if instance.user_data:
        top["user-data"] = instance.user_data
    return top


def look_up(tree: Tree, path: str) -> bytes | None:
    """The value at `path`, or a directory's listing, in which sub-directories end in a slash; None is a 404."""
    node: Tree | str | bytes = tree
    for part in filter(None, path.split("/")):
        if not isinstance(node, dict) or part not in node:
            return None
        node = node[part]
    match node:
        case bytes():
            return node
        case str():
            return node.encode()
        case _:
            return "\n".join(f"{name}/" if isinstance(child, dict) else name for name, child in node.items()).encode()


class Tokens:
    """Session tokens, each good for the machine that asked for it and for as long as it asked."""

    def __init__(self) -> None:
        self._expiry: dict[tuple[str, str], float] = {}

    def issue(self, address: str, lifetime_s: int) -> str:
        token = secrets.token_urlsafe(32)
        self._expiry[address, token] = time.monotonic() + lifetime_s
        return token

    def good(self, address: str, token: str) -> bool:
        return self._expiry.get((address, token), 0) > time.monotonic()


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; the machines' trees and tokens belong to the server."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_PUT(self) -> None:
        lifetime = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if self.path == TOKEN_PATH and lifetime.isdigit() and 1 <= int(lifetime) <= TOKEN_MAX_S:
            token = self.server.tokens.issue(self.client_address[0], int(lifetime))
            self._answer(HTTPStatus.OK, token.encode(), {"X-aws-ec2-metadata-token-ttl-seconds": lifetime})
        else:
            self._answer(HTTPStatus.BAD_REQUEST)

    def do_GET(self) -> None:
        address = self.client_address[0]
        if not self.server.tokens.good(address, self.headers.get("X-aws-ec2-metadata-token", "")):
            self._answer(HTTPStatus.UNAUTHORIZED)
            return
        found = self._find(address, self.path.partition("?")[0])
        self._answer(HTTPStatus.NOT_FOUND if found is None else HTTPStatus.OK, found or b"")

    def _find(self, address: str, path: str) -> bytes | None:
        version, _, rest = path.lstrip("/").partition("/")
        if not version:
            return "\n".join(VERSIONS).encode()
        tree = self.server.tree(address)
        return look_up(tree, rest) if tree is not None and version in VERSIONS else None

    def _answer(self, status: HTTPStatus, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: every machine asks some sixty questions as it boots."""


class Server(http.server.ThreadingHTTPServer):
    """The service in one namespace."""

    daemon_threads = True

    def __init__(self, namespace: str) -> None:
        super().__init__((ADDRESS, 80), Handler, bind_and_activate=False)
        self._listen(namespace)
        self.tokens = Tokens()
        self._trees: dict[str, tuple[float, Tree | None]] = {}
        self._lock = threading.Lock()

    def _listen(self, namespace: str) -> None:
        self.socket.close()
        self.socket = bridge.listen_in(namespace, ADDRESS, 80)

    def tree(self, address: str) -> Tree | None:
        """What the machine at this address may read, at most `FRESH_S` old."""
        with self._lock:
            made, tree = self._trees.get(address, (0.0, None))
            if time.monotonic() - made > FRESH_S:
                instance = instance_facts.find(address)
                tree = metadata(instance) if instance else None
                self._trees[address] = time.monotonic(), tree
            return tree


def serve(namespace: str = places.NAMESPACE_VPC) -> Server:
    """Serve in a thread of this process; `shutdown()` and `server_close()` of the result end it."""
    subprocess.run(["ip", "-n", namespace, "addr", "replace", f"{ADDRESS}/32", "dev", "lo"], check=True, timeout=10)
    subprocess.run(["ip", "-n", namespace, "link", "set", "lo", "up"], check=True, timeout=10)
    server = Server(namespace)
    threading.Thread(target=server.serve_forever, daemon=True, name="imds").start()
    return server
