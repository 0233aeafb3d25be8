"""No static credential of one cloud lies on the other side: what the running programs and both clouds hold."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rehearsal import checks, clients, places, processes

# Where AWS is, and for whom the Function's own token is; none of them opens anything.
NO_CREDENTIALS = {
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_TOKEN_AUDIENCE",
}
OF_AZURE = ("AZURE_", "ARM_", "IDENTITY_", "MSI_")  # what azure-identity and others read begins so
ACCESS_KEY = re.compile(rb"\b(AKIA|ASIA|LKIA|LSIA)[A-Z0-9]{12,}\b")  # AWS's prefixes, and the emulator's


def run() -> list[str]:
    """One line for each side."""
    pid = processes.running("functions")
    environ = read_environ(Path(f"/proc/{pid}/environ").read_bytes())
    functions = clients.everything("lambda", "list_functions", "Functions")
    secrets = [one["Name"] for one in clients.everything("secretsmanager", "list_secrets", "SecretList")]
    users = [f"user {one['UserName']}" for one in clients.everything("iam", "list_users", "Users")]
    return [
        *checks.shown("the Function's process and folder hold no credential of AWS", of_function(environ)),
        *checks.shown("AWS has no user, and no secret but pre-shared keys", [*users, *foreign_secrets(secrets)]),
        *checks.shown(f"the {len(functions)} Lambdas hold no credential of Azure", of_lambdas(functions)),
    ]


def read_environ(content: bytes) -> dict[str, str]:
    """The environment of a process as proc(5) shows it: what it was started with."""
    entries = (entry.partition("=") for entry in content.decode().split("\0") if entry)
    return {name: value for name, _, value in entries}


def of_function(environ: Mapping[str, str], app: Path = places.AZURE_PACKAGE) -> Iterator[str]:
    """Names and files; never values."""
    for name, value in environ.items():
        if (name.startswith("AWS_") and name not in NO_CREDENTIALS) or _opens_aws(value.encode()):
            yield f"variable {name}"
    profile = Path(environ["HOME"]) / ".aws"
    if profile.exists():
        yield f"folder {profile}"
    for path in sorted(app.rglob("*")):
        if path.is_file() and _opens_aws(path.read_bytes()):
            yield f"file {path.relative_to(app)}"


def _opens_aws(content: bytes) -> bool:
    return bool(ACCESS_KEY.search(content)) or places.ROOT_ACCESS_KEY.encode() in content


def foreign_secrets(names: Iterable[str]) -> list[str]:
    """CloudFormation names a secret by its stack and its name in the template, which is Psk for the pre-shared key."""
    return [f"secret {name}" for name in names if not re.match(r"causeway-.+-Psk", name)]


def of_lambdas(functions: Iterable[Mapping[str, Any]]) -> list[str]:
    """By the functions' declared environments; what Lambda adds are the role's own credentials."""
    found = ((one["FunctionName"], one.get("Environment", {}).get("Variables", {})) for one in functions)
    return [
        f"{function}: variable {name}"
        for function, variables in found
        for name, value in variables.items()
        if name.startswith(OF_AZURE) or "function_key" in value
    ]
