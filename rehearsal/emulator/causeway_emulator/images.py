"""Debian's images and the public parameters that name them (https://wiki.debian.org/Cloud/AmazonEC2Image)."""

import time
from typing import Any

from localemu.utils.patch import patch
from moto.ec2.models import amis
from moto.ssm.models import Parameter, ParameterDict

PREFIX = "/aws/service/debian/release/13/latest/"
OWNER = "136693071363"  # Debian's account
IMAGES = {"amd64": ("ami-0deb13a0000000001", "x86_64"), "arm64": ("ami-0deb13a0000000002", "arm64")}
# An older release, which no parameter names; here its machines boot the same disk.
OLDER = ("ami-0deb13a0000000003", "debian-13-amd64-20251201-0000", "x86_64")


def released() -> list[dict[str, Any]]:
    newest = [(ami, f"debian-13-{name}-20260101-0000", machine) for name, (ami, machine) in IMAGES.items()]
    return [image(*one) for one in (*newest, OLDER)]


def image(image_id: str, name: str, machine: str) -> dict[str, Any]:
    return {
        "ami_id": image_id,
        "name": name,
        "description": "Debian 13",
        "owner_id": OWNER,
        "public": True,
        "virtualization_type": "hvm",
        "architecture": machine,
        "hypervisor": "xen",
        "state": "available",
        "root_device_name": "/dev/xvda",
        "root_device_type": "ebs",
        "sriov": "simple",
    }


def mend() -> None:
    amis.AMIS.extend(released())

    @patch(ParameterDict._check_loading_status)
    def _check_loading_status(original: Any, self: ParameterDict, key: str) -> None:
        original(self, key)
        architecture = str(key).removeprefix(PREFIX)
        if str(key).startswith(PREFIX) and architecture in IMAGES and not dict.__contains__(self, key):
            dict.__setitem__(self, key, [parameter(self, key, IMAGES[architecture][0])])


def parameter(parameters: ParameterDict, name: str, value: str) -> Parameter:
    return Parameter(
        account_id=parameters.account_id,
        name=name,
        value=value,
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=time.time(),
        version=1,
        data_type="aws:ec2:image",
    )
