"""The agent's loop: once a second it looks, decides, acts and tells. Talking with AWS happens in other threads."""

import logging
import time
from datetime import UTC, datetime
from pathlib import Path

from gateway.agent import act, configuration, decide, look, program, report, status, systemd
from gateway.agent.cloud import Cloud
from gateway.agent.fault import Fault
from gateway.agent.feed import Feed, Fetched
from gateway.agent.heal import Healer
from gateway.agent.journal import Journal
from gateway.agent.metadata import Metadata
from gateway.agent.probe import Probe
from gateway.agent.pulse import Pulse
from gateway.agent.voice import Voice

_log = logging.getLogger("causeway")

PERIOD_S = 1.0
HURRY_S = 0.2  # how often a round that waits for something looks whether it is there
METRICS_S = 60.0
BOOT_PATIENCE_S = 180.0  # until then a fault may pass by itself: a role or a table that is seconds old
ROUTES_S = 5.0  # how often routes are looked at though no tunnel changed: each look starts two programs
ADDRESS_S = 10.0  # how often a gateway that bears the Elastic IP looks whether it still does
BOOTED_MARK = Path("/run/causeway/booted")
LASTING = ("ConfigurationInvalid", "ConfigurationRefused", "PskUnusable")  # more patience would not help


class Agent:
    """One gateway. Everything it remembers is here; a restart forgets it and loses nothing but byte totals."""

    def __init__(self, settings: configuration.Settings, instance: str, metadata: Metadata) -> None:
        self._speaker = report.Speaker(settings.link, instance)
        self._metadata = metadata
        self._feed = Feed(Cloud(settings, Metadata()))
        self._voice = Voice(Cloud(settings, Metadata()))
        self._journal = Journal()
        self._healer = Healer(
            lambda remedy, why: self._voice.say(report.HELPED, self._speaker.helped(remedy, why, datetime.now(UTC)))
        )
        self._started = time.monotonic()
        self._applied: Fetched | None = None
        self._refused: tuple[str, Fault] | None = None
        self._failure_told = False
        self._probe: Probe | None = None
        self._pulse = Pulse()
        self._traffic = status.Traffic()
        self._up: frozenset[int] | None = None
        self._routes_due = 0.0
        self._source: str | None = None
        self._ours: bool | None = None
        self._address_due = 0.0
        self._told: report.Look | None = None
        self._measured: report.Look | None = None
        self._metrics_due = 0.0

    def tick(self) -> None:
        """One round."""
        self._take_over(self._feed.newest)
        self._tell_boot()
        tunnels = self._keep(self._applied) if self._applied else ()
        self._feed.anxious = any(tunnel.state == report.DOWN for tunnel in tunnels)
        self._journal.attend(self._feed.anxious)
        self._tell(tunnels)

    def rest(self, until: float) -> None:
        """Returns when the next round is due, or when what it waits for is there."""
        wanted, up = self._applied.configuration if self._applied else None, self._up or frozenset()
        awaited = decide.awaited(wanted, self._ours, up, self._pulse.suspects) if wanted else decide.Awaited.NOTHING
        silent = False  # whether the daemon has been, while this waits
        while (left := until - time.monotonic()) > 0:
            time.sleep(left if awaited is decide.Awaited.NOTHING else min(left, HURRY_S))
            try:
                if wanted and (self._came(awaited, wanted, up) or silent):
                    return
            except program.ProgramFailed:
                silent = True

    def _came(self, awaited: decide.Awaited, wanted: configuration.Configuration, up: frozenset[int]) -> bool:
        """What traffic waits for is done first; the next round looks at everything, as any other."""
        match awaited:
            case decide.Awaited.ADDRESS:
                if not self._metadata.bears(wanted.elastic_ip):
                    return False
                for tunnel in wanted.tunnels:
                    if tunnel.number not in up:
                        act.nudge(tunnel.connection, decide.Nudge.INITIATE)
                return True
            case decide.Awaited.TUNNEL:
                now = frozenset(sa.tunnel for sa in look.child_sas())
                if now == up:
                    return False
                act.carry(decide.wanted_routes(wanted, now, self._pulse.silent), self._source)
                return True
            case decide.Awaited.ANSWER:
                return self._pulse.is_late(status.parse_waits(look.states()))
            case decide.Awaited.NOTHING:
                return False

    def _take_over(self, fetched: Fetched | None) -> None:
        """Applies a version that is neither applied nor known to be bad. A bad one leaves the running one alone."""
        if fetched is None or fetched == self._applied:
            return
        wanted = fetched.configuration
        if self._applied and wanted == self._applied.configuration:
            self._applied = fetched if self._healer.rekeyed(fetched) else self._applied
            return
        if self._refused and self._refused[0] == wanted.version and self._refused[1].reason in LASTING:
            return
        try:
            act.check(wanted)
            act.store(wanted, fetched.secrets)
            act.protect(wanted)
            self._healer.begin(act.load(wanted))
        except (Fault, program.ProgramFailed, OSError) as exc:
            fault = exc if isinstance(exc, Fault) else Fault("ConfigurationNotApplied", str(exc))
            if self._refused is None or str(self._refused[1]) != str(fault):
                _log.error("configuration not applied version=%s fault=%s", wanted.version, fault)
            self._refused = (wanted.version, fault)
            return
        self._refused, self._applied = None, fetched
        self._use(wanted)
        _log.info("configuration applied version=%s tunnels=%d", wanted.version, len(wanted.tunnels))

    def _use(self, wanted: configuration.Configuration) -> None:
        self._address_due = self._routes_due = 0.0
        if self._probe and self._probe.target != wanted.probe:
            self._probe.stop()
            self._probe = None
        if wanted.probe and self._probe is None:
            self._probe = Probe(wanted.probe)

    def _fault(self) -> Fault | None:
        """Of several the one that explains the others."""
        refused, named = self._refused[1] if self._refused else None, next(iter(self._journal.wrong.values()), None)
        return decide.disk_fault(look.disk_free_mb()) or refused or named or self._feed.fault

    def _tell_boot(self) -> None:
        """Says once that the gateway is ready, or once that it could not get ready."""
        if BOOTED_MARK.exists():
            return
        if self._applied:
            BOOTED_MARK.touch()
            self._voice.say(report.BOOTED, self._speaker.booted(self._applied.configuration.version))
            return
        fault = self._fault()
        late = time.monotonic() - self._started > BOOT_PATIENCE_S
        if fault and not self._failure_told and (late or fault.reason in LASTING):
            self._failure_told = True
            _log.error("%s %s", report.BOOT_FAILED, fault)
            self._voice.say(report.BOOT_FAILED, self._speaker.boot_failure(fault))

    def _keep(self, applied: Fetched) -> tuple[report.TunnelLook, ...]:
        """Looks at the tunnels, puts routes right in the same round, and helps what is down."""
        wanted = applied.configuration
        try:
            sas = look.child_sas()
        except program.ProgramFailed as exc:
            if self._healer.silent(exc):
                self._up = frozenset()  # so that the next round comes as soon as a tunnel does
            return tuple(
                report.TunnelLook(t.number, report.UNKNOWN, self._traffic.of(t.number)) for t in wanted.tunnels
            )
        self._traffic = self._traffic.count(sas)
        up = frozenset(sa.tunnel for sa in sas)
        try:
            if len(wanted.tunnels) > 1 and self._pulse.note(up, status.parse_waits(look.states()), time.monotonic()):
                _log.warning("silent tunnels=%s", sorted(self._pulse.silent))
                self._routes_due = 0.0
            if up != self._up or time.monotonic() >= self._routes_due:
                self._route(wanted, up)
            self._look_at_address(wanted)
            if self._healer.compare(applied, up):  # before the nudge, which fails for a connection that is not loaded
                self._up = up = frozenset()
            if any(tunnel.number not in up for tunnel in wanted.tunnels) or self._ours is False:
                self._nudge(wanted, up)
        except (program.ProgramFailed, OSError) as exc:
            _log.warning("machine not put right error=%s", exc)
        use = decide.used(up, self._pulse.silent)  # what carries nothing is not told to be up
        return tuple(
            report.TunnelLook(t.number, report.UP if t.number in use else report.DOWN, self._traffic.of(t.number))
            for t in wanted.tunnels
        )

    def _route(self, configured: configuration.Configuration, up: frozenset[int]) -> None:
        act.raise_interfaces(look.interfaces())
        wanted, found = decide.wanted_routes(configured, up, self._pulse.silent), look.routes()
        self._source = self._source or look.own_address()
        for route in sorted(wanted - found, key=lambda route: route.metric):
            act.add_route(route, self._source)
        for route in found - wanted:
            act.remove_route(route)
        self._up, self._routes_due = up, time.monotonic() + ROUTES_S

    def _look_at_address(self, wanted: configuration.Configuration) -> None:
        """Asks every second until the Elastic IP is here, then seldom. No answer changes nothing."""
        now = time.monotonic()
        if self._ours and now < self._address_due:
            return
        self._address_due = now + ADDRESS_S
        ours = self._metadata.bears(wanted.elastic_ip)
        if ours is None or ours == self._ours:
            return
        self._ours = ours
        _log.info("elastic ip address=%s ours=%s", wanted.elastic_ip, ours)

    def _nudge(self, wanted: configuration.Configuration, up: frozenset[int]) -> None:
        states = look.states()
        for tunnel in wanted.tunnels:
            if tunnel.number in up and self._ours:
                continue
            what = decide.nudge(states.get(tunnel.number, ()), self._ours, alone=not up)
            if what is not decide.Nudge.NOTHING:
                act.nudge(tunnel.connection, what)

    def _tell(self, tunnels: tuple[report.TunnelLook, ...]) -> None:
        fault = self._fault()
        now = report.Look(
            version=self._applied.configuration.version if self._applied else None,
            read_at=datetime.now(UTC),
            tunnels=tunnels,
            probe=self._probe.state if self._probe else None,
            outer=None,
            fault=str(fault) if fault else None,
        )
        if self._applied is None:
            return
        measure = time.monotonic() >= self._metrics_due
        if not measure and not report.worth_telling(self._told, now):
            return
        now = report.with_outer(now, look.outer())
        if report.worth_telling(self._told, now):
            told, self._told = self._told, now
            self._voice.say(report.kind(told, now), self._speaker.reading(now))
        if measure:
            self._metrics_due = time.monotonic() + METRICS_S
            self._voice.measure(report.metrics(self._speaker.link, self._measured, now))
            self._measured = now


def run() -> None:
    """Never returns."""
    logging.basicConfig(level=logging.INFO, format="causeway: %(message)s")
    settings = configuration.read_settings()
    metadata = Metadata()
    agent = Agent(settings, metadata.wait_for_instance(), metadata)
    while True:
        begun = time.monotonic()
        agent.tick()
        systemd.tell("WATCHDOG=1")
        agent.rest(begun + PERIOD_S)


if __name__ == "__main__":
    run()
