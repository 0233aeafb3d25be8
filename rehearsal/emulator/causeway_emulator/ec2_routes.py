"""Routes as EC2 keeps them: blackhole when the target is gone, no second route to one destination, no more
than the quota; dry runs."""

from typing import Any

from causeway_emulator import faults, quotas, refusals
from localemu.utils.patch import patch
from moto.ec2.exceptions import EC2ClientError, RouteAlreadyExistsError
from moto.ec2.models import route_tables
from moto.ec2.responses import route_tables as answers

NO_DRY_RUN = ("create_route", "replace_route", "delete_route")  # moto does them instead of only saying it would


def mend() -> None:
    """DescribeRouteTables says active for every route, whatever became of its target."""
    route_tables.Route.is_blackhole = property(is_blackhole)
    answers.DESCRIBE_ROUTE_TABLES_RESPONSE = answers.DESCRIBE_ROUTE_TABLES_RESPONSE.replace(
        "<state>active</state>", "<state>{{ 'blackhole' if route.is_blackhole else 'active' }}</state>"
    )

    @patch(route_tables.RouteBackend.create_route)
    def create_route(
        original: Any, self: Any, route_table_id: str, destination: str | None, *args: Any, **kwargs: Any
    ) -> Any:
        held = {route.destination_cidr_block for route in self.get_route_table(route_table_id).routes.values()} - {None}
        if destination in held:
            raise RouteAlreadyExistsError(destination)
        if destination and not kwargs.get("local"):
            refuse_beyond(len(held))
        return original(self, route_table_id, destination, *args, **kwargs)

    for name in NO_DRY_RUN:
        honour_dry_run(name)


def refuse_beyond(held: int) -> None:
    """IPv4 routes alone: the quota is enforced separately for IPv6 (VPC user guide, "Amazon VPC quotas")."""
    if refusal := refusals.route_beyond(held, quotas.value(*refusals.ROUTES_PER_TABLE)):
        faults.book.take("quota", "/".join(refusals.ROUTES_PER_TABLE))
        raise EC2ClientError(refusal.code, refusal.message)


def honour_dry_run(name: str) -> None:
    @patch(getattr(answers.RouteTables, name))
    def answer(original: Any, self: answers.RouteTables) -> Any:
        self.error_on_dryrun()
        return original(self)


def is_blackhole(route: route_tables.Route) -> bool:
    if route.interface is None:
        return False
    instance = route.interface.instance
    gone = route.interface.id not in route.interface.ec2_backend.enis
    return bool(gone or instance is None or instance.state != "running")
