"""A link's life, one look a minute: diagnose, decide, publish, and the walk when a remedy is begun.

As lambdas/watch.py does it, over simulated clouds. What publishes and which walk takes how long is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from link import choose, diagnosis, errors, flow, known, preflight, remedy
from link.condition import Key
from link.diagnosis import Kind, Look
from link.facts import AzureFacts, ConnectionStatus, Facts
from link.finding import Finding
from link.healing_state import HealingState, Remedy
from link.reading import Observation, Reading, TunnelReading
from link.report import Done, Report
from link.steps import State, Wanted
from tests import worlds
from tests.link import possible, walked
from tests.link.simulator import World


@dataclass
class Life:
    """What has happened until now, each with its minute. `standing` are the problems of each look that was made."""

    world: World
    survey_minute: int = 0
    walk_minutes: Sequence[int] = ()
    state: HealingState = field(default_factory=HealingState)
    found: tuple[Finding, ...] = ()
    report: Report | None = None
    reading: Reading | None = None
    busy_until: int = 0
    walks: list[int] = field(default_factory=list)
    standing: dict[int, dict[Key, Kind]] = field(default_factory=dict)
    alerted: list[tuple[int, Key]] = field(default_factory=list)
    recovered: list[tuple[int, Key]] = field(default_factory=list)

    def look(self, minute: int, *, publishes: bool) -> None:
        """One look. While a walk is at work nothing is diagnosed."""
        now = worlds.NOW + timedelta(minutes=minute)
        up = self._is_up()
        self._read(minute, up=up)
        azure = self._azure(up=up)
        self._survey(minute, azure)
        if minute < self.busy_until:
            return
        healing = self.state.model_copy(update={"flow": flow.follow(self.state.flow, self.reading)})
        world = self.world
        seen = Look(
            spec=world.spec,
            deployed=world.deployed,
            aws=world.aws,
            azure=azure,
            reading=self.reading,
            report=self.report,
            known=world.known,
            found=self.found,
            flow=healing.flow,
        )
        diagnosed = diagnosis.diagnose(seen, now)
        self.standing[minute] = {one.condition.key: one.kind for one in diagnosed.problems}
        decision = remedy.decide(diagnosed, healing, None, now)
        self.state = decision.state
        if decision.remedy is Remedy.REPLACE_GATEWAY and diagnosed.gateway:
            world.each_instance(diagnosed.gateway, condemned=decision.about)
        if publishes and (decision.alerts or decision.recovered):
            self.state = remedy.published(decision, now)
            self.alerted += [(minute, one.key) for one in decision.alerts]
            self.recovered += [(minute, key) for key in decision.recovered]
        if decision.remedy:
            self._walk(minute, reset=decision.remedy is Remedy.RESET_CONNECTION)

    def _walk(self, minute: int, *, reset: bool) -> None:
        """Its changes come at once, and the next look after its end."""
        world, taken = self.world, len(self.walks)
        self.walks.append(minute)
        self.busy_until = minute + (self.walk_minutes[taken] if taken < len(self.walk_minutes) else 1)
        azure = possible.believed(world)
        if azure is not None:
            self.found = preflight.refusals(preflight.checks(world.spec, self._facts(azure), world.survey))
        said = walked.walk_up(world, reset=reset)
        world.settle()
        reason, _, message = said.partition(": ")
        refused = tuple(
            Done(step=one.verb, reason=one.condition.reason, subject=one.condition.subject, refused="AWS says no")
            for one in world.refused
        )
        self.report = Report(
            link=world.spec.name,
            wanted=Wanted.UP,
            outcome="success" if said == "up" else "failure",
            reason=reason,
            message=message,
            did={State.ADJUST_ROUTES: refused},
        )

    def _facts(self, azure: AzureFacts) -> Facts:
        return Facts(aws=self.world.aws, azure=azure)

    def _azure(self, *, up: bool) -> AzureFacts | errors.CausewayError:
        """As it is seen, which the watch keeps."""
        world = self.world
        if world.silent:
            return errors.FunctionUnreachable("it did not answer")
        status = ConnectionStatus.CONNECTED if up else ConnectionStatus.NOT_CONNECTED
        connection = world.azure.connection.model_copy(update={"status": status}) if world.azure.connection else None
        kept = known.usable(world.known, world.ref)
        world.known = known.of(world.azure, world.ref, worlds.NOW, kept) or world.known
        return world.azure.model_copy(update={"connection": connection})

    def _survey(self, minute: int, azure: AzureFacts | errors.CausewayError) -> None:
        """Once an hour, without a trial of permissions, which only walks make."""
        if minute % 60 != self.survey_minute or not isinstance(azure, AzureFacts):
            return
        seen = self.world.survey.model_copy(update={"permissions": None})
        facts = self._facts(known.completed(azure, known.usable(self.world.known, self.world.ref)))
        denied = [one for one in self.found if one.reason == "MissingPermission"]
        self.found = (*preflight.refusals(preflight.checks(self.world.spec, facts, seen)), *denied)

    def _bearer(self) -> str | None:
        found = choose.gateway(self.world.spec, self.world.deployed.agent, self.world.aws.gateways)
        address = self.world.aws.elastic_ip.interface
        return next(
            (
                one.id
                for one in (found, *self.world.aws.gateways)
                if one and possible.works(one) and one.interface == address
            ),
            None,
        )

    def _is_up(self) -> bool:
        """The bearer of the address and Azure's gateway have a tunnel."""
        world = self.world
        between = possible.ranges(world, world.azure, possible.Start.of(world))
        ike = {rule for rule in possible.rules(world.azure, between) if rule.from_port in possible.IKE_PORTS}
        return bool(
            self._bearer()
            and ike
            and ike <= set(world.aws.rules)
            and possible.azure_is_right(world, between)
            and world.aws.published_version == possible.version(world, world.azure, between)
        )

    def _read(self, minute: int, *, up: bool) -> None:
        """The bearer reports each minute. Bytes grow while the tunnel is up."""
        instance = self._bearer()
        if instance is None:
            return
        state = Observation.UP if up else Observation.DOWN
        before = self.reading.tunnels[0].bytes_in if self.reading else 0
        grown = before + (1000 if up else 0)
        self.reading = worlds.read(
            instance=instance,
            version=self.world.aws.published_version or "none",
            read_at=worlds.NOW + timedelta(minutes=minute),
            tunnels=(TunnelReading(number=1, state=state, bytes_in=grown, bytes_out=grown),),
            probe=state if self.world.spec.probe else None,
        )
