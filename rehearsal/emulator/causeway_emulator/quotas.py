"""Quotas of EC2, of which moto knows none: the two that Causeway asks for."""

from typing import Any

from localemu.utils.patch import patch
from moto.servicequotas.models import ServiceQuotasBackend

EC2 = {  # code: (name, value)
    "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 32.0),
    "L-0263D0A3": ("EC2-VPC Elastic IPs", 5.0),
}


def mend() -> None:
    @patch(ServiceQuotasBackend.get_service_quota)
    def get_service_quota(original: Any, self: Any, service_code: str, quota_code: str) -> dict[str, Any]:
        if service_code != "ec2" or quota_code not in EC2:
            return original(self, service_code, quota_code)
        name, value = EC2[quota_code]
        return {"ServiceCode": "ec2", "QuotaCode": quota_code, "QuotaName": name, "Value": value, "Adjustable": True}
