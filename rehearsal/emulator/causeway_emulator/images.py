"""Debian's images and the public parameters that name them (https://wiki.debian.org/Cloud/AmazonEC2Image)."""

import time
from typing import Any

from localemu.utils.patch import patch
from moto.ec2.models import amis
from moto.ssm.models import Parameter, ParameterDict

PREFIX = "/aws/service/debian/release/13/latest/"
OWNER = "136693071363"  # Debian's account
IMAGES = {"amd64": ("ami-0deb13a0000000001", "x86_64"), "arm64": ("ami-0deb13a0000000002", "arm64")}


def image(architecture: str) -> dict[str, Any]:
    image_id, machine = IMAGES[architecture]
    return {
        "ami_id": image_id,
        "name": f"debian-13-{architecture}-20260101-0000",
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
    amis.AMIS.extend(image(architecture) for architecture in IMAGES)

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
