"""`python -m rehearsal COMMAND`: both clouds on this machine, and a link between them.

up       starts the clouds, builds the customer's world, deploys the link
check    proves what the running link promises
status   says what runs, and how far the walks are
down     destroys the link and ends everything
run      up, check, destroy, down; always down, also after a failure or Ctrl-C
links    several links at once: they leave each other alone, also one that fails and one that goes
changes  the same as run with one change after another to the running link, and a ping all the while
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from rehearsal import deploy, processes, progress, rehearse


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 when all went as promised."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=__doc__)
    parser.add_argument("command", choices=["up", "status", "check", "down", "run", "changes", "links"])
    command = parser.parse_args(arguments).command
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return {
            "up": rehearse.up,
            "status": rehearse.status,
            "check": rehearse.check,
            "down": rehearse.down,
            "run": rehearse.run,
            "changes": rehearse.change,
            "links": rehearse.links,
        }[command]()
    except (deploy.CdkFailed, processes.NotReady) as exc:
        progress.say(f"failed: {exc}")
    except KeyboardInterrupt:
        progress.say("interrupted")
    return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
