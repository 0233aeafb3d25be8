"""Puts back what broke on the gateway itself, by the ladder, and tells the controller. Never blocks for long."""

import logging
import time
from collections.abc import Callable

from gateway.agent import act, ladder, look, program
from gateway.agent.fault import Fault
from gateway.agent.feed import Fetched
from gateway.agent.ladder import Remedy

_log = logging.getLogger(__name__)

START_S = 10.0  # a daemon that was just started is given time to answer
COMPARE_S = 4.0  # how often is compared what takes programs to read


class Healer:
    """`say` is told of each remedy when it begins."""

    def __init__(self, say: Callable[[str, Fault], None]) -> None:
        self._say = say
        self._tries = ladder.Tries()
        self._refused = self._hung = self._empty = 0
        self._due = self._starting = 0.0
        self._ruleset: str | None = None
        self._loaded: frozenset[str] | None = None

    def begin(self, loaded: frozenset[str] | None) -> None:
        """What is now there is right: a configuration has just been applied, and the daemon holds `loaded`."""
        self._ruleset, self._loaded = look.ruleset(), loaded

    def silent(self, failure: program.ProgramFailed) -> bool:
        """The daemon did not answer. Whether it was started afresh."""
        if isinstance(failure, program.ProgramHung):
            self._hung += 1
        else:
            self._refused, self._hung = self._refused + 1, 0
        remedy = ladder.for_daemon(self._refused, self._hung)
        if remedy is None or time.monotonic() < self._starting:
            return False
        why = Fault("DaemonHung" if remedy is Remedy.KILL else "DaemonStopped", str(failure))
        done = self._try(remedy, why, lambda: act.revive(remedy))
        if done:
            self._hung, self._starting = 0, time.monotonic() + START_S
        return done

    def compare(self, wanted: Fetched, up: frozenset[int]) -> bool:
        """The daemon answers: puts back files at once, the rest when its look is due. Whether tunnels were ended."""
        self._refused = self._hung = 0
        if name := act.changed_file(wanted.configuration, wanted.secrets):
            self._try(Remedy.RESTORE, Fault("FileChanged", f"{name} was changed"), lambda: self._rewrite(wanted))
        if time.monotonic() < self._due:
            return False
        self._due = time.monotonic() + COMPARE_S
        if why := self._open():
            self._try(Remedy.RESTORE, why, lambda: act.protect(wanted.configuration, anew=True))
        if why := self._astray(wanted, up):
            remedy = ladder.for_loaded(self._tries.lately(Remedy.RELOAD, why.reason, time.monotonic()))
            return self._try(remedy, why, lambda: self._reload(remedy, wanted))
        return False

    def rekeyed(self, wanted: Fetched) -> bool:
        """The key in the secret store is another one now. Whether it was taken over."""
        why = Fault("SharedKeyChanged", "the secret holds another key than the one that was in use")
        return self._try(Remedy.RELOAD, why, lambda: self._rewrite(wanted))

    def _rewrite(self, wanted: Fetched) -> None:
        act.store(wanted.configuration, wanted.secrets)
        act.reread_secrets()
        self._due = 0.0

    def _reload(self, remedy: Remedy, wanted: Fetched) -> None:
        if remedy is Remedy.RESTART:
            act.revive(remedy)
        else:
            act.store(wanted.configuration, wanted.secrets)
            act.load_anew(wanted.configuration)

    def _open(self) -> Fault | None:
        """Whether something of what keeps traffic in its ways is gone."""
        ruleset = look.ruleset()
        if self._ruleset is not None and ruleset is not None and ruleset != self._ruleset:
            return Fault("RulesetChanged", "the nftables ruleset is not the one that was loaded")
        changed = act.changed_sysctls()
        return Fault("SysctlChanged", f"{changed[0]} is not what it should be") if changed else None

    def _astray(self, wanted: Fetched, up: frozenset[int]) -> Fault | None:
        """Whether daemon and kernel lack what they were given."""
        loaded = look.connections()
        self._loaded = self._loaded or loaded
        if loaded is not None and loaded != self._loaded:
            return Fault("ConnectionsChanged", "the daemon holds other connections than it was given")
        there = {interface.name for interface in look.interfaces()}
        for tunnel in wanted.configuration.tunnels:
            if tunnel.interface not in there:
                return Fault("InterfaceMissing", f"{tunnel.interface} is gone")
        self._empty = self._empty + 1 if up and look.kernel_is_empty() else 0
        if self._empty == 1:
            self._due = 0.0  # a tunnel that ends just now looks like this once
        if self._empty > 1:
            return Fault("KernelStateMissing", "the kernel has no state or policy of a tunnel that the daemon calls up")
        return None

    def _try(self, remedy: Remedy, why: Fault, do: Callable[[], None]) -> bool:
        if not self._tries.may(remedy, why.reason, time.monotonic()):
            return False
        _log.warning("remedy=%s because=%s", remedy, why)
        self._say(remedy, why)
        try:
            do()
        except (Fault, program.ProgramFailed, OSError) as exc:
            _log.error("remedy failed remedy=%s error=%s", remedy, exc)
        return True
