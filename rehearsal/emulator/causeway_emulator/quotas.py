"""Quotas that Causeway asks for and moto does not know or does not keep, and the values that a drill gives them."""

from typing import Any

from causeway_emulator import faults
from localemu.utils.patch import patch
from moto.servicequotas.models import ServiceQuotasBackend

KNOWN = {  # (service, code): (name, value)
    ("ec2", "L-1216C47A"): ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 32.0),
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5.0),
    ("vpc", "L-93826ACB"): ("Routes per route table", 50.0),
}


def mend() -> None:
    @patch(ServiceQuotasBackend.get_service_quota)
    def get_service_quota(original: Any, self: Any, service_code: str, quota_code: str) -> dict[str, Any]:
        found = KNOWN.get((service_code, quota_code))
        if found is None:
            return original(self, service_code, quota_code)
        return {
            "ServiceCode": service_code,
            "QuotaCode": quota_code,
            "QuotaName": found[0],
            "Value": value(service_code, quota_code),
            "Adjustable": True,
        }


def value(service: str, code: str) -> float:
    """Now."""
    ordered = faults.book.value(f"{service}/{code}")
    return KNOWN[service, code][1] if ordered is None else ordered
