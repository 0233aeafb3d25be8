"""Fakes of the edges. FakeArm passes the same contract as the real client against the rehearsal's Resource Manager."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network

from azure.core.credentials import AccessToken

from azure_functions.task import Task
from link import azure_plan, errors
from link.facts import Connection, ConnectionStatus, LocalNetworkGateway, VirtualNetwork, VpnGateway
from link.spec import IpsecPolicy
from link.wanted import AzureRef, AzureWanted, AzureWork

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/network/providers/Microsoft.Network"
PSK = "OnlyLettersAndDigits42"
TOKEN = "a-task-token-that-nobody-may-log"
REF = AzureRef(
    link="prod",
    deployment="000000000000/eu-west-1/prod",
    subscription=SUBSCRIPTION,
    resource_group="network",
    vpn_gateway="vpn-gateway",
    virtual_networks=("workloads",),
    psk_secret="arn:aws:secretsmanager:eu-west-1:000000000000:secret:psk-AbCdEf",
)
WANTED = AzureWanted(
    address=IPv4Address("198.51.100.7"),
    prefixes=(IPv4Network("10.101.0.0/16"),),
    policy=IpsecPolicy(),
    tags={"owner": "network"},
)
WORK = AzureWork(ref=REF, wanted=WANTED, task_token=TOKEN)
REMOVAL = WORK.model_copy(update={"wanted": None})
GATEWAY = VpnGateway(
    id=f"{GROUP}/virtualNetworkGateways/vpn-gateway",
    location="westeurope",
    sku="VpnGw1AZ",
    vpn_type="RouteBased",
    provisioning_state="Succeeded",
    addresses=(IPv4Address("203.0.113.4"),),
    virtual_network=f"{GROUP}/virtualNetworks/workloads",
)
NETWORK = VirtualNetwork(id=f"{GROUP}/virtualNetworks/workloads", prefixes=(IPv4Network("10.0.0.0/16"),))
OPERATION = "https://arm.example/operations/1"


@dataclass
class FakeArm:
    """Resource Manager in memory. An operation ends when `settle` is called."""

    gateway: VpnGateway | None = GATEWAY
    network: VirtualNetwork = NETWORK
    local: LocalNetworkGateway | None = None
    connection: Connection | None = None
    key: str = ""
    failures: list[dict[str, str]] = field(default_factory=list)
    resets: int = 0
    raises: Exception | None = None
    _ends: list[Callable[[], None]] = field(default_factory=list)
    _error: dict[str, str] | None = None

    def settle(self) -> None:
        """Ends every operation that runs."""
        while self._ends:
            self._ends.pop(0)()

    def _found[T](self, found: T) -> T:
        if self.raises is not None:
            raise self.raises
        return found

    def find_gateway(self, ref: AzureRef) -> VpnGateway | None:
        return self._found(self.gateway if ref.vpn_gateway == "vpn-gateway" else None)

    def find_virtual_network(self, ref: AzureRef, name: str) -> VirtualNetwork | None:
        return self._found(self.network if name == "workloads" else None)

    def find_local_network_gateway(self, ref: AzureRef) -> LocalNetworkGateway | None:
        return self._found(self.local)

    def find_connection(self, ref: AzureRef) -> Connection | None:
        return self._found(self.connection)

    def read_shared_key(self, ref: AzureRef) -> str:
        return self._found(self.key)

    def put_local_network_gateway(self, ref: AzureRef, step: azure_plan.PutLocalNetworkGateway) -> str | None:
        self._refuse_busy(self.local)
        self.local = LocalNetworkGateway(
            id=ref.local_network_gateway_id,
            address=step.address,
            prefixes=step.prefixes,
            provisioning_state="Updating",
            ours=ref.tags.items() <= step.tags.items(),
            tags=step.tags,
        )
        return self._begin(self._end_local)

    def put_connection(self, ref: AzureRef, step: azure_plan.PutConnection) -> str | None:
        self._refuse_busy(self.connection)
        if self.local is None:
            raise errors.CloudRefused("write the connection: InvalidResourceReference: there is no such gateway")
        self.connection = Connection(
            id=f"{GROUP}/connections/{ref.name}",
            provisioning_state="Updating",
            status=ConnectionStatus.UNKNOWN,
            gateway=step.gateway,
            local_network_gateway=step.local_network_gateway,
            protocol=azure_plan.PROTOCOL,
            mode=step.mode,
            policy=step.policy,
            key_matches=None,
            ingress_bytes=0,
            egress_bytes=0,
            ours=ref.tags.items() <= step.tags.items(),
            tags=step.tags,
        )
        return self._begin(self._end_connection)

    def set_shared_key(self, ref: AzureRef, psk: str) -> str | None:
        self._refuse_busy(self.connection)
        assert self.connection is not None
        self.connection = self.connection.model_copy(update={"provisioning_state": "Updating"})

        def end(state: str) -> None:
            self.key = psk if state == "Succeeded" else self.key
            self._end_connection(state)

        return self._begin(end)

    def reset_connection(self, ref: AzureRef) -> str | None:
        self._refuse_busy(self.connection)
        assert self.connection is not None
        self.resets += 1
        self.connection = self.connection.model_copy(update={"provisioning_state": "Updating"})
        return self._begin(self._end_connection)

    def delete_connection(self, ref: AzureRef) -> str | None:
        if self.connection is None:
            return None
        self._refuse_busy(self.connection)
        self.connection = self.connection.model_copy(update={"provisioning_state": "Deleting"})
        self._ends.append(lambda: setattr(self, "connection", None))
        return OPERATION

    def delete_local_network_gateway(self, ref: AzureRef) -> str | None:
        if self.local is None:
            return None
        self._refuse_busy(self.local)
        if self.connection is not None:
            raise errors.StillInUse("remove the local network gateway: InUseResourceCannotBeDeleted: in use")
        self.local = self.local.model_copy(update={"provisioning_state": "Deleting"})
        self._ends.append(lambda: setattr(self, "local", None))
        return OPERATION

    def read_operation_error(self, ref: AzureRef, operation: str) -> str | None:
        return f"{self._error['code']}: {self._error['message']}" if self._error else None

    def _refuse_busy(self, found: LocalNetworkGateway | Connection | None) -> None:
        self._found(found)
        if found is not None and found.provisioning_state in azure_plan.RUNNING:
            raise errors.CloudBusy("AnotherOperationInProgress: another operation is in progress")

    def _begin(self, end: Callable[[str], None]) -> str:
        def ended() -> None:
            self._error = self.failures.pop(0) if self.failures else None
            end("Failed" if self._error else "Succeeded")

        self._ends.append(ended)
        return OPERATION

    def _end_local(self, state: str) -> None:
        assert self.local is not None
        self.local = self.local.model_copy(update={"provisioning_state": state})

    def _end_connection(self, state: str) -> None:
        assert self.connection is not None
        self.connection = self.connection.model_copy(update={"provisioning_state": state})


@dataclass
class FakeAws:
    """A state machine that waits, and a secret."""

    waits: bool = True
    psk: str = PSK
    outputs: list[str] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)
    heartbeats: int = 0

    def read_psk(self, ref: AzureRef) -> str:
        return self.psk

    def heartbeat(self, work: AzureWork) -> bool:
        self.heartbeats += 1
        return self.waits

    def succeed(self, work: AzureWork, output: str) -> bool:
        if self.waits:
            self.outputs.append(output)
        was, self.waits = self.waits, False
        return was

    def fail(self, work: AzureWork, cause: str) -> bool:
        if self.waits:
            self.causes.append(cause)
        was, self.waits = self.waits, False
        return was


@dataclass
class FakeCredential:
    """The app's identity: a token names for whom it was asked. `raises` is why there is none."""

    raises: Exception | None = None

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        if self.raises is not None:
            raise self.raises
        return AccessToken(f"token for {' '.join(scopes)}", 4_102_444_800)


@dataclass
class FakeQueue:
    """The messages that wait, as text, with their delays. Nobody waits for them: `waited` counts the time."""

    sent: list[tuple[str, int]] = field(default_factory=list)
    waited: timedelta = timedelta()

    def send(self, task: Task, delay_s: int) -> None:
        self.sent.append((task.model_dump_json(), delay_s))

    def receive(self) -> Task:
        """Takes the oldest message."""
        text, delay_s = self.sent.pop(0)
        self.waited += timedelta(seconds=delay_s)
        return Task.model_validate_json(text)
