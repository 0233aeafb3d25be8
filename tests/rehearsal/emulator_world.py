"""The rehearsal's AWS as the drills have it: LocalEmu with the plugin, on a port and in a folder of the test's own."""

import contextlib
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.config

from rehearsal import emulator, places

READY_WITHIN_S = 60
ONCE = botocore.config.Config(retries={"total_max_attempts": 1})
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{places.ACCOUNT}:root"},
            "Action": "sts:AssumeRole",
        },
    ],
}


@dataclass(frozen=True)
class Aws:
    """The emulator, and clients of it."""

    url: str
    log: Path

    def client(self, service: str, **given: Any) -> Any:
        """The administrator's, unless credentials are given."""
        administrator = {"aws_access_key_id": places.ROOT_ACCESS_KEY, "aws_secret_access_key": places.ROOT_SECRET_KEY}
        options = {"region_name": places.REGION, "endpoint_url": self.url, "config": ONCE, **administrator, **given}
        return boto3.client(service, **options)  # type: ignore[call-overload]  # the name is a variable

    def role(self, name: str, *statements: dict[str, Any]) -> dict[str, str]:
        """Credentials of a new role with this policy."""
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        self.allow(name, *statements)
        given = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def allow(self, role: str, *statements: dict[str, Any]) -> None:
        """The role may do this, and nothing else."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})
        self.client("iam").put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=policy)

    def denied(self) -> str:
        """What the IAM audit has written."""
        return "\n".join(line for line in self.log.read_text().splitlines() if "IAM AUDIT DENY" in line)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Aws]:
    """Until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    folders = {name: str(folder / name) for name in ("HOME", "TMPDIR", "FILESYSTEM_ROOT", "REHEARSAL_LOGS")}
    for one in folders.values():
        Path(one).mkdir()
    log = folder / "emulator.log"
    with log.open("wb") as output:
        program = subprocess.Popen(
            [str(places.EMULATOR_PYTHON), "-m", "localemu.runtime.main"],
            env={**emulator.environment(), **folders, "GATEWAY_LISTEN": address, "LOCALEMU_HOST": address},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(program, f"http://{address}/_localemu/health", log)
        yield Aws(f"http://{address}", log)
    finally:
        program.kill()
        program.wait()


def _wait(program: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and program.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the emulator did not start:\n{log.read_text(errors='replace')[-2000:]}")
