"""The operator's command line over the rehearsed clouds: what it says, and that it only looks."""

import subprocess
from collections.abc import Callable

from rehearsal import checks, deploy, listings, places, world

_LOG = places.LOGS / "operator.log"


def before_deploy() -> list[str]:
    """Doctor finds all that a deployment needs."""
    return _looking_only("before the link", _doctor)


def of_running_link(link: world.Link) -> list[str]:
    """Doctor still does, and a plan has nothing to do."""
    return _looking_only("of the running link", lambda: [*_doctor(), *_plan(link)])


def _looking_only(when: str, look: Callable[[], list[str]]) -> list[str]:
    before = listings.both_clouds()
    faults = look()
    changed = listings.differences(before, listings.both_clouds())
    return [*faults, *checks.shown(f"{when}, doctor and plan change nothing in either cloud", changed)]


def _doctor() -> list[str]:
    status, said = causeway("doctor")
    rows = [line for line in said.splitlines() if "  refused  " in line]
    unknown = sum("  unknown  " in line for line in said.splitlines())
    what = f"doctor refuses nothing ({unknown} rows are unknown)"
    return checks.shown(what, rows or ([said] if status else []))


def _plan(link: world.Link) -> list[str]:
    status, said = causeway("plan", link.name)
    right = status == 0 and "nothing differs" in said
    return checks.shown(f"plan of link {link.name}: nothing differs", [] if right else [said])


def causeway(*arguments: str) -> tuple[int, str]:
    """The exit status and what was printed."""
    command = [str(places.VENV_PYTHON), "-m", "causeway", *arguments, "--cdk-json", str(places.CDK / "cdk.json")]
    environment = {**deploy.environment(), "SSL_CERT_FILE": str(places.TLS / "ca.pem")}
    ended = subprocess.run(
        command,
        cwd=places.ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    with _LOG.open("a") as log:
        log.write(f"{' '.join(arguments)}\n{ended.stdout}\n")
    return ended.returncode, ended.stdout
