"""The programs of a rehearsal, in the order in which they start, and when each is ready."""

import os
import socket
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rehearsal import clients, emulator, places, processes

# Azurite's well-known development account; not a secret.
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
AZURITE_CONNECTION = (
    f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={AZURITE_KEY};"
    f"BlobEndpoint=http://127.0.0.1:{places.AZURITE_BLOB_PORT}/devstoreaccount1;"
    f"QueueEndpoint=http://127.0.0.1:{places.AZURITE_QUEUE_PORT}/devstoreaccount1;"
    f"TableEndpoint=http://127.0.0.1:{places.AZURITE_TABLE_PORT}/devstoreaccount1;"
)
ADMINISTRATOR = f"arn:aws:iam::{places.ACCOUNT}:root"  # the customer, who may look by the Function
READY_WITHIN_S = 60


@dataclass(frozen=True)
class Service:
    """A program, its environment, and the question that it answers when it is ready."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    ready: Callable[[], bool]
    port: int | None = None


def listens(port: int) -> bool:
    """Something accepts connections on this port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _listening(port: int) -> Callable[[], bool]:
    return lambda: listens(port)


def _emulator_answers() -> bool:
    try:
        with urllib.request.urlopen(f"{places.EMULATOR_URL}/_localemu/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _module(name: str) -> list[str]:
    return [str(places.VENV_PYTHON), "-m", name]


def _emulator() -> Service:
    command, environment = emulator.command()
    return Service(
        "emulator",
        command,
        {**environment, "TMPDIR": clients.environment()["TMPDIR"]},
        _emulator_answers,
        places.EMULATOR_PORT,
    )


def _azurite() -> Service:
    folder = places.STATE / "azurite"
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", str(folder)]
    for kind, port in (
        ("blob", places.AZURITE_BLOB_PORT),
        ("queue", places.AZURITE_QUEUE_PORT),
        ("table", places.AZURITE_TABLE_PORT),
    ):
        options += [f"--{kind}Host", "127.0.0.1", f"--{kind}Port", str(port)]
    node = str(places.VENV_PYTHON.parent / "node")
    program = str(places.ROOT / "node_modules" / "azurite" / "dist" / "src" / "azurite.js")
    return Service(
        "azurite", [node, program, *options], clients.environment(), lambda: listens(places.AZURITE_QUEUE_PORT)
    )


def _arm() -> Service:
    environment = {
        **clients.environment(),
        "IDENTITY_HEADER": clients.IDENTITY_HEADER,
        "TENANT": clients.TENANT,
        "FUNCTION_IDENTITY": clients.FUNCTION_IDENTITY,
    }
    return Service("arm", _module("rehearsal.arm"), environment, _listening(places.ARM_PORT), places.ARM_PORT)


def _prices() -> Service:
    ready = _listening(places.PRICES_PORT)
    return Service("prices", _module("rehearsal.prices"), clients.environment(), ready, places.PRICES_PORT)


def functions(url: str = places.FUNCTIONS_URL) -> Service:
    """The Function app; `url` is what its callers call it, by which they name it in their tokens."""
    environment = {
        **clients.aws_environment(),
        "AzureWebJobsStorage": AZURITE_CONNECTION,
        "ARM_ENDPOINT": places.ARM_URL,
        "CALLERS_ISSUER": places.AWS_ISSUER,
        "CALLERS_ACCOUNT": places.ACCOUNT,
        "CALLERS_AUDIENCE": url,
        "CALLERS_READERS": ADMINISTRATOR,
        "AWS_TOKEN_AUDIENCE": f"api://{clients.TENANT}/causeway",
        "IDENTITY_ENDPOINT": clients.IDENTITY_ENDPOINT,
        "IDENTITY_HEADER": clients.IDENTITY_HEADER,
        "SSL_CERT_FILE": str(places.TLS / "ca.pem"),
        "REQUESTS_CA_BUNDLE": str(places.TLS / "ca.pem"),
    }
    return Service(
        "functions", _module("rehearsal.functions_host"), environment, lambda: listens(places.FUNCTIONS_PORT)
    )


def _fabric() -> Service:
    ready = places.STATE / "fabric" / "ready"
    environment = {
        **clients.aws_environment(),
        "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
        places.IMAGE_CHOICE: places.booted_image().name,
    }
    return Service("fabric", _module("rehearsal.fabric"), environment, ready.exists)


def _standin() -> Service:
    ready = places.STATE / "standin-ready"
    return Service("standin", _module("rehearsal.standin"), clients.aws_environment(), ready.exists)


def has_data_plane() -> bool:
    """Whether setup found all that virtual machines and namespaces need."""
    return os.geteuid() == 0 and (places.TOOLS / "data-plane").exists()


def clouds() -> list[Service]:
    """What stands before the customer has anything."""
    return [_emulator(), _azurite(), _arm(), _prices()]


def after_clouds() -> list[Service]:
    """What needs the clouds: the Function app, and what makes networks and machines out of what the clouds say."""
    return [functions(), _fabric() if has_data_plane() else _standin()]


def refuse_taken_ports() -> None:
    """Another program, perhaps another clone's rehearsal, that has a port of ours is not ended but named."""
    for service in clouds() + after_clouds():
        if service.port and listens(service.port):
            raise processes.NotReady(f"port {service.port} of {service.name} is taken; end the program that has it")


def start(services: list[Service]) -> None:
    """Starts them together and returns when all are ready."""
    for service in services:
        if processes.running(service.name) is None:
            processes.start(service.name, service.command, service.environment)
    for service in services:
        processes.wait_ready(service.name, service.ready, READY_WITHIN_S)
