"""Both clouds as the plan's steps change them. Pure: no client, no clock.

A step is applied here as lambdas/clouds/apply.py and azure_functions/turn.py apply it, and nothing is decided.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from link import azure_plan, choose, errors, plan, preview, steps
from link.facts import AwsFacts, AzureFacts, Connection, ConnectionStatus, Facts, Gateway, LocalNetworkGateway, Route
from link.spec import LinkSpec
from link.steps import State
from link.wanted import AzureRef, Deployment
from tests import worlds


@dataclass
class World:
    """The link's two clouds. `boots` says of each instance that is launched whether it will boot."""

    spec: LinkSpec
    deployed: Deployment
    aws: AwsFacts
    azure: AzureFacts
    boots: list[bool] = field(default_factory=list)
    azure_fails: int = 0
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

    def differences(self) -> tuple[preview.Line, ...]:
        """What a walk would change."""
        return preview.up(self.spec, self.facts, self.deployed)

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
        """One step on AWS."""
        self.done.append((step.state, type(step).__name__, step.reason))
        self._act(step)
        self.watch(self)

    def _act(self, step: steps.Step) -> None:
        found = self.aws
        match step:
            case steps.AllowInbound():
                self.change_aws(rules=(*found.rules, step.rule))
            case steps.RevokeInbound() | steps.CloseInbound():
                self.change_aws(rules=tuple(rule for rule in found.rules if rule != step.rule))
            case steps.PublishConfiguration() | steps.RepointGateway():
                self.change_aws(published_version=step.configuration.digest())
            case steps.LaunchGateway():
                self.change_aws(gateways=(*found.gateways, self._new_gateway(step.subnet)))
            case steps.DisableSourceDestCheck():
                self.each_gateway(step.interface, source_dest_check=False)
            case steps.AttachElasticIp():
                borne = {"interface": step.interface, "association": "eipassoc-1"}
                self.change_aws(elastic_ip=found.elastic_ip.model_copy(update=borne))
            case steps.DetachElasticIp():
                self.change_aws(elastic_ip=found.elastic_ip.model_copy(update={"interface": None, "association": None}))
            case steps.CreateRoute() | steps.ReplaceRoute():
                self.change_aws(own_routes=found.own_routes | {(step.table, step.destination)})
                self.point(step.table, Route(destination=step.destination, target=step.interface))
            case steps.DropRoute() | steps.RemoveRoute():
                self.change_aws(own_routes=found.own_routes - {(step.table, step.destination)})
                self.point(step.table, Route(destination=step.destination, target=""))
            case steps.ForgetRoute() | steps.LeaveRoute() | steps.GiveUpRoute():
                self.change_aws(own_routes=found.own_routes - {(step.table, step.destination)})
            case steps.TerminateGateway():
                ended = [
                    one.model_copy(update={"state": "shutting-down"}) if one.id == step.instance else one
                    for one in found.gateways
                ]
                self.change_aws(gateways=tuple(ended))
            case _:
                raise TypeError(type(step).__name__)

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
        well = self.boots.pop(0) if self.boots else True
        self.each_gateway(waited.interface, state="running", booted=well, failed=not well)
        if not well:
            raise errors.BootFailed("the test says no")

    def turn(self, step: azure_plan.AzureStep) -> None:
        """One step on Azure, and the end of its operation."""
        failed = self.azure_fails > 0
        state = "Failed" if failed else "Succeeded"
        self.azure_fails -= failed
        match step:
            case azure_plan.PutLocalNetworkGateway():
                made = LocalNetworkGateway(
                    id=self.ref.local_network_gateway_id,
                    address=step.address,
                    prefixes=step.prefixes,
                    provisioning_state=state,
                    ours=True,
                    tags=step.tags,
                )
                self._azure(local_network_gateway=made)
            case azure_plan.PutConnection():
                assert self.azure.local_network_gateway is not None
                self._azure(connection=self._connection(step, state))
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
