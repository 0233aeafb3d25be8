"""`python -m rehearsal COMMAND`: both clouds on this machine, and a link between them.

up       starts the clouds, builds the customer's world, deploys the link
check    proves what the running link promises
status   says what runs, and how far the walks are
down     destroys the link and ends everything
run      up, check, destroy, down; always down, also after a failure or Ctrl-C
links    several links at once: they leave each other alone, also one that fails and one that goes
changes  the same as run with one change after another to the running link, and a ping all the while
bench-heal  how long healing takes, medians of five
drill    breaks the running link and shows how it heals; where none runs, one comes up for it and goes again
rekey    SAs are renewed by either side under traffic; then the two sides' policies differ in what only that shows
report   the cost mail of the running link as files and pictures; where none runs, one comes up for it and goes again
"""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from rehearsal import deploy, processes, progress, rehearse, report
from rehearsal.drills import bench, options


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 when all went as promised."""
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    acts: dict[str, Callable[[], int]] = {
        "up": rehearse.up,
        "status": rehearse.status,
        "check": rehearse.check,
        "down": rehearse.down,
        "run": rehearse.run,
        "changes": rehearse.change,
        "links": rehearse.links,
        "bench-heal": lambda: rehearse.on_link(bench.measure),
        "rekey": rehearse.renew,
        "report": report.run,
    }
    for name in acts:
        commands.add_parser(name)
    options.arguments(commands.add_parser("drill"))
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return options.perform(chosen) if chosen.command == "drill" else acts[chosen.command]()
    except (deploy.CdkFailed, processes.NotReady) as exc:
        progress.say(f"failed: {exc}")
    except KeyboardInterrupt:
        progress.say("interrupted")
    return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
