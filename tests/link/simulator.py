"""Both clouds as the plan's steps change them. Pure: no client, no clock.

A step is applied here as lambdas/clouds/apply.py and azure_functions/turn.py apply it, and nothing is decided.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from link import azure_plan, choose, drift, errors, plan, steps
from link.facts import (
    AwsFacts,
    AzureFacts,
    Connection,
    ConnectionStatus,
    Facts,
    Gateway,
    LocalNetworkGateway,
    Route,
    Subnet,
)
from link.known import Known
from link.spec import LinkSpec
from link.steps import State
from link.survey import Survey
from link.wanted import AzureRef, Deployment
from tests import worlds


@dataclass
class World:
    """The link's two clouds. `boots` says of each instance that is launched whether it will boot.

    `full_zones` have no room, in `dead_zones` no instance boots, and AWS refuses the verbs in `denied`. With
    `refuses_writes` each write to Azure ends Failed. `written` are the writes to Azure in their order, `refused` the
    steps that the last walk went on past.
    """

    spec: LinkSpec
    deployed: Deployment
    aws: AwsFacts
    azure: AzureFacts
    boots: list[bool] = field(default_factory=list)
    azure_fails: int = 0
    full_zones: frozenset[str] = frozenset()
    dead_zones: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    refuses_writes: bool = False
    written: list[str] = field(default_factory=list)
    refused: list[steps.Step] = field(default_factory=list)
    routes_per_table: int | None = None
    silent: bool = False
    known: Known | None = None
    survey: Survey = field(default_factory=worlds.surveyed)
    watch: Callable[["World"], None] = lambda world: None
    done: list[tuple[State, str, str]] = field(default_factory=list)
    _launched: int = 0

    @property
    def facts(self) -> Facts:
        """One look at both."""
        return Facts(aws=self.aws, azure=self.azure)

    @property
    def ref(self) -> AzureRef:
        """Where the Azure side is."""
        return plan.azure_ref(self.spec, self.deployed)

    def differences(self) -> tuple[steps.Step, ...]:
        """What a walk would change."""
        return drift.up(self.spec, self.facts, self.deployed)

    def settle(self) -> None:
        """What becomes of things by themselves: instances end and start, operations end, routes to nothing go black."""
        gone = [one for one in self.aws.gateways if one.state in ("shutting-down", "terminated")]
        left = tuple(_started(one) for one in self.aws.gateways if one not in gone)
        bearers = {one.interface for one in gone}
        found = self.aws.elastic_ip
        if found.interface in bearers:
            found = found.model_copy(update={"interface": None, "association": None})
        self.change_aws(gateways=left, elastic_ip=found)
        self._each_route(
            lambda route: route.model_copy(update={"blackhole": True}) if route.target in bearers else route
        )
        local, connection = self.azure.local_network_gateway, self.azure.connection
        self._azure(local_network_gateway=_settled(local), connection=_settled(connection))
        if self.azure.gateway:
            self._azure(gateway=self.azure.gateway.model_copy(update={"provisioning_state": "Succeeded"}))
        self.watch(self)

    def change_aws(self, **changes: Any) -> None:
        self.aws = self.aws.model_copy(update=changes)

    def _azure(self, **changes: Any) -> None:
        self.azure = self.azure.model_copy(update=changes)

    def _each_route(self, changed: Callable[[Route], Route]) -> None:
        tables = [
            one.model_copy(update={"routes": tuple(changed(route) for route in one.routes)})
            for one in self.aws.route_tables
        ]
        self.change_aws(route_tables=tuple(tables))

    def act(self, step: steps.Step) -> None:
        """One step on AWS. Raises CloudRefused for a verb that is denied."""
        if step.verb in self.denied:
            raise errors.CloudRefused(f"UnauthorizedOperation: {step.verb}")
        self.done.append((step.state, step.verb, step.condition.reason))
        self._act(step.action)
        self.watch(self)

    def _act(self, action: object) -> None:
        found = self.aws
        match action:
            case steps.AllowInbound(rule=rule):
                self.change_aws(rules=(*found.rules, rule))
            case steps.RevokeInbound(rule=gone):
                self.change_aws(rules=tuple(rule for rule in found.rules if rule != gone))
            case steps.PublishConfiguration(configuration=configuration):
                self.change_aws(published_version=configuration.digest())
            case steps.LaunchGateway(places=places):
                self._launch(places)
            case steps.DisableSourceDestCheck(interface=interface):
                self.each_gateway(interface, source_dest_check=False)
            case steps.AttachElasticIp(interface=interface):
                borne = {"interface": interface, "association": "eipassoc-1"}
                self.change_aws(elastic_ip=found.elastic_ip.model_copy(update=borne))
            case steps.DetachElasticIp():
                self.change_aws(elastic_ip=found.elastic_ip.model_copy(update={"interface": None, "association": None}))
            case steps.CreateRoute() | steps.ReplaceRoute():
                self._route(action)
            case steps.DeleteRoute(table=table, destination=destination):
                self.change_aws(own_routes=found.own_routes - {(table, destination)})
                self.point(table, Route(destination=destination, target=""))
            case steps.DisownRoute(table=table, destination=destination):
                self.change_aws(own_routes=found.own_routes - {(table, destination)})
            case steps.TerminateGateway(instance=instance):
                self.each_instance(instance, state="shutting-down")
            case _:
                raise TypeError(type(action).__name__)

    def _launch(self, places: tuple[Subnet, ...]) -> None:
        """As apply.py goes from one place to the next: a full zone is passed over, and the one taken is remembered."""
        quota, kind = self.survey.vcpus, self.survey.instance_type
        if not self.survey.images:
            raise errors.CloudRefused("InvalidAMIID.NotFound")
        if quota and kind and quota.used + kind.vcpus > quota.limit:
            raise errors.CloudRefused("VcpuLimitExceeded")
        offering = self.survey.offering_zones
        offered = [place for place in places if offering is None or place.zone in offering]
        room = [place for place in offered if place.zone not in self.full_zones]
        if not room:
            raise errors.NoCapacity(f"NoCapacity: no room in {sorted(self.full_zones)}")
        former = [zone for zone in self.aws.launched_zones if zone != room[0].zone]
        self.change_aws(
            gateways=(*self.aws.gateways, self._new_gateway(room[0].id)), launched_zones=(*former, room[0].zone)
        )

    def _route(self, action: steps.CreateRoute | steps.ReplaceRoute) -> None:
        """A table with a quota refuses one route more than it has room for, as EC2 does."""
        found = next((one for one in self.aws.route_tables if one.id == action.table), None)
        used = len(found.routes) if found else 0
        if (
            isinstance(action, steps.CreateRoute)
            and self.routes_per_table is not None
            and used >= self.routes_per_table
        ):
            raise errors.CloudRefused("RouteLimitExceeded")
        self.change_aws(own_routes=self.aws.own_routes | {(action.table, action.destination)})
        self.point(action.table, Route(destination=action.destination, target=action.interface))

    def each_instance(self, instance: str, **changes: Any) -> None:
        changed = [one.model_copy(update=changes) if one.id == instance else one for one in self.aws.gateways]
        self.change_aws(gateways=tuple(changed))

    def each_gateway(self, interface: str, **changes: Any) -> None:
        changed = [one.model_copy(update=changes) if one.interface == interface else one for one in self.aws.gateways]
        self.change_aws(gateways=tuple(changed))

    def point(self, table: str, route: Route) -> None:
        """Without a target the route goes."""
        changed = []
        for one in self.aws.route_tables:
            others = tuple(found for found in one.routes if one.id != table or found.destination != route.destination)
            more = (route,) if one.id == table and route.target else ()
            changed.append(one.model_copy(update={"routes": (*others, *more)}))
        self.change_aws(route_tables=tuple(changed))

    def _new_gateway(self, subnet: str) -> Gateway:
        self._launched += 1
        return worlds.gateway(
            id=f"i-new{self._launched}",
            interface=f"eni-new{self._launched}",
            state="pending",
            instance_type=self.spec.aws.instance_type,
            image=self.spec.aws.image_or_default,
            agent=self.deployed.agent,
            subnet=subnet,
            source_dest_check=True,
            booted=False,
        )

    def boot(self) -> None:
        """The instance that WaitForBoot waits for boots, or tells that it cannot."""
        waited = choose.awaited(self.spec, self.deployed.agent, self.aws.gateways, self.aws.elastic_ip.interface)
        if waited is None or waited.failed:
            raise errors.BootFailed("the instance is gone, or has told of its failure")
        if waited.booted:
            return
        zones = {subnet.id: subnet.zone for subnet in self.aws.subnets}
        well = zones.get(waited.subnet) not in self.dead_zones and (self.boots.pop(0) if self.boots else True)
        self.each_gateway(waited.interface, state="running", booted=well, failed=not well)
        if not well:
            raise errors.BootFailed("the test says no")

    def turn(self, action: object) -> None:
        """One step on Azure, and the end of its operation."""
        failed = self.azure_fails > 0 or self.refuses_writes
        state = "Failed" if failed else "Succeeded"
        self.azure_fails -= self.azure_fails > 0
        if not isinstance(action, azure_plan.Wait):
            self.written.append(type(action).__name__)
        match action:
            case azure_plan.PutLocalNetworkGateway() as step:
                made = LocalNetworkGateway(
                    id=self.ref.local_network_gateway_id,
                    address=step.address,
                    prefixes=step.prefixes,
                    provisioning_state=state,
                    ours=True,
                    tags=step.tags,
                )
                self._azure(local_network_gateway=made)
            case azure_plan.PutConnection() as put:
                assert self.azure.local_network_gateway is not None
                self._azure(connection=self._connection(put, state))
            case azure_plan.SetSharedKey():
                assert self.azure.connection is not None
                changed = {"key_matches": self.azure.connection.key_matches if failed else True}
                now = self.azure.connection.model_copy(update={**changed, "provisioning_state": state})
                self._azure(connection=now)
            case azure_plan.DeleteConnection():
                self._azure(connection=None)
            case azure_plan.DeleteLocalNetworkGateway():
                assert self.azure.connection is None or not self._leads_to_ours(self.azure.connection)
                self._azure(local_network_gateway=None)
            case azure_plan.Wait() | azure_plan.ResetConnection():
                self.settle()
        self.watch(self)

    def _leads_to_ours(self, found: Connection) -> bool:
        return found.local_network_gateway.lower() == self.ref.local_network_gateway_id.lower()

    def _connection(self, step: azure_plan.PutConnection, state: str) -> Connection:
        """A new one has a key of Azure's own making; a PUT without a key leaves the key as it is."""
        old = self.azure.connection
        return worlds.connection(
            provisioning_state=state,
            status=ConnectionStatus.UNKNOWN,
            gateway=step.gateway,
            local_network_gateway=step.local_network_gateway,
            protocol=azure_plan.PROTOCOL,
            mode=step.mode,
            policy=step.policy,
            key_matches=old.key_matches if old else False,
            tags=step.tags,
        )


def _started(found: Gateway) -> Gateway:
    return found.model_copy(
        update={"state": {"pending": "running", "stopping": "stopped"}.get(found.state, found.state)}
    )


def _settled[T: (LocalNetworkGateway | None, Connection | None)](found: T) -> T:
    if found is None or found.provisioning_state == "Deleting":
        return None
    if found.provisioning_state in azure_plan.RUNNING:
        return found.model_copy(update={"provisioning_state": "Succeeded"})
    return found
