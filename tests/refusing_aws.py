"""AWS's limits, and what a test orders of AWS, in front of an in-process moto: as the rehearsal's emulator has them.

One attempt of the SDK's is all there is here: moto's answers do not pass its retries.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto.ec2.models.instances import Instance, InstanceBackend, InstanceState, StateReason
from moto.ec2.models.route_tables import RouteBackend
from moto.servicequotas.models import ServiceQuotasBackend

from rehearsal.emulator.causeway_emulator import orders, refusals

CALLER = "arn:aws:sts::123456789012:assumed-role/causeway-test/test"
ROUTES = "/".join(refusals.ROUTES_PER_TABLE)
FAILED = "Client.InternalError"


@dataclass
class Refusing:
    """What tests order;

    `default_key` is the account's for volumes, of which moto does not answer; `key_usable` whether launches may use it.
    """

    book: orders.Book = field(default_factory=orders.Book)
    key_usable: bool = True
    default_key: str = "alias/aws/ebs"
    _pending: list[Instance] = field(default_factory=list)

    def refuse(self, call: str, code: str, *, holding: str = "", calls: int | None = None) -> None:
        self.book.add({"kind": "refuse", "target": call, "code": code, "holding": holding, "calls": calls})

    def fill_zone(self, zone: str, code: str = refusals.NO_CAPACITY) -> None:
        self.book.add({"kind": "full", "target": zone, "code": code})

    def set_quota(self, service: str, code: str, value: float) -> None:
        self.book.add({"kind": "quota", "target": f"{service}/{code}", "value": value})

    def settle(self) -> None:
        """Instances whose launch fails are pending until now."""
        while self._pending:
            instance = self._pending.pop()
            instance.terminate()
            instance._reason = FAILED
            instance.state_reason = StateReason(f"{FAILED}: Client error on launch", FAILED)

    def of_call(self, call: str, given: dict[str, Any]) -> refusals.Refusal | None:
        """Before the call reaches moto."""
        if refusal := refusals.by_limit(call, given):
            return refusal
        order = self.book.take("refuse", call, "", call, json.dumps(given, default=str))
        service, _, operation = call.partition(".")
        return refusals.ordered(order.code, CALLER, f"{service}:{operation}", "*") if order else None

    def of_launch(self, backend: Any, given: dict[str, Any]) -> refusals.Refusal | None:
        """After a dry run has had its answer."""
        interfaces = [one["SubnetId"] for one in given.get("nics") or [] if one.get("SubnetId")]
        subnet = next(iter(interfaces), given.get("subnet_id"))
        if subnet is None:
            return None
        zone = backend.get_subnet(subnet).availability_zone
        order = self.book.take("full", zone)
        kind = given["instance_type"]
        return refusals.without_room(order.code, zone, ["another zone"], subnet, kind) if order else None

    def launched(self, instances: list[Instance]) -> None:
        if not self.key_usable:
            self._pending += instances
            for instance in instances:
                instance._state = InstanceState("pending", 0)


def _error(refusal: refusals.Refusal, operation: str) -> ClientError:
    answer: Any = {
        "Error": {"Code": refusal.code, "Message": refusal.message},
        "ResponseMetadata": {"HTTPStatusCode": refusal.status},
    }
    return ClientError(answer, operation)


@contextmanager
def installed() -> Iterator[Refusing]:
    """In front of every client of this process, within the block."""
    made = Refusing()
    call, launch = vars(BaseClient)["_make_api_call"], InstanceBackend.run_instances
    route, quota = RouteBackend.create_route, ServiceQuotasBackend.get_service_quota

    def api_call(client: Any, operation: str, given: dict[str, Any]) -> Any:
        if refusal := made.of_call(f"{client.meta.service_model.service_name}.{operation}", given):
            raise _error(refusal, operation)
        if operation == "GetEbsDefaultKmsKeyId":
            model = client.meta.service_model.operation_model(operation)
            client.meta.events.emit(f"provide-client-params.ec2.{operation}", params=given, model=model, context={})
            return {"KmsKeyId": made.default_key}
        return call(client, operation, given)

    def run_instances(backend: Any, *args: Any, **given: Any) -> Any:
        if refusal := made.of_launch(backend, given):
            raise _error(refusal, "RunInstances")
        reservation = launch(backend, *args, **given)
        made.launched(reservation.instances)
        return reservation

    def create_route(backend: Any, table: str, destination: str | None = None, *args: Any, **given: Any) -> Any:
        most = made.book.value(ROUTES)
        held = [one for one in backend.get_route_table(table).routes if one.destination_cidr_block]
        local = given.get("local") or destination is None
        if not local and (refusal := refusals.route_beyond(len(held), 50 if most is None else most)):
            raise _error(refusal, "CreateRoute")
        return route(backend, table, destination, *args, **given)

    def get_service_quota(backend: Any, service_code: str, quota_code: str) -> Any:
        value = made.book.value(f"{service_code}/{quota_code}")
        return quota(backend, service_code, quota_code) if value is None else {"QuotaCode": quota_code, "Value": value}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", api_call)
        patch.setattr(InstanceBackend, "run_instances", run_instances)
        patch.setattr(RouteBackend, "create_route", create_route)
        patch.setattr(ServiceQuotasBackend, "get_service_quota", get_service_quota)
        yield made
