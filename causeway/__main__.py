"""`python -m causeway plan LINK | doctor | look LINK | pause LINK | resume LINK`: the operator's command line.

It looks with the caller's credentials and changes nothing; the last three ask the region's watch, which acts.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from causeway import declared, doctor, show_plan, watch
from causeway.rows import Status
from link.errors import CausewayError, SpecInvalid
from link.spec import LinkSpec
from link.steps import Wanted

A_WEEK = 7 * 24 * 60  # minutes; a pause that is forgotten ends by itself


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 when nothing speaks against a deployment."""
    options = _parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](options)
    except CausewayError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--cdk-json", type=Path, default=Path("cdk.json"), help="the file that declares the links")
    parser = argparse.ArgumentParser(prog="python -m causeway", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    plan = commands.add_parser("plan", parents=[shared], help="what a deployment would do to a link, and why")
    plan.add_argument("link", help="the name of a link in cdk.json")
    plan.add_argument("--down", action="store_true", help="what destroying the link would do")
    for command, what in (
        ("look", "have the watch look at a link now"),
        ("pause", "for maintenance: the link is looked at and nothing is changed"),
        ("resume", "end a pause; what was tried before is forgotten"),
    ):
        asks = commands.add_parser(command, parents=[shared], help=what)
        asks.add_argument("link", help="the name of a link in cdk.json")
        if command == "pause":
            asks.add_argument("--minutes", type=_minutes, required=True, help="how long, at most a week")
            asks.add_argument("--why", default="maintenance", help="shown wherever the pause is")
    commands.add_parser("doctor", parents=[shared], help="whether all that a deployment needs is there")
    return parser


def _minutes(text: str) -> int:
    if not (text.isdigit() and 1 <= int(text) <= A_WEEK):
        raise argparse.ArgumentTypeError(f"{text!r} is not right; give whole minutes, 1 to {A_WEEK}")
    return int(text)


def _link(options: argparse.Namespace) -> LinkSpec:
    links = {link.name: link for link in declared.read(options.cdk_json).links}
    if options.link not in links:
        raise SpecInvalid(f"{options.cdk_json} declares no link {options.link!r}; it declares {', '.join(links)}")
    return links[options.link]


def _ask(options: argparse.Namespace) -> int:
    match options.command:
        case "pause":
            wish = {"minutes": options.minutes, "why": options.why}
        case "resume":
            wish = {"resume": True}
        case _:
            wish = {}
    sys.stdout.writelines(f"{line}\n" for line in watch.ask(_link(options), wish))
    return 0


def _plan(options: argparse.Namespace) -> int:
    shown = show_plan.show(_link(options), Wanted.DOWN if options.down else Wanted.UP)
    sys.stdout.writelines(f"{line}\n" for line in shown.text)
    return 0 if shown.goes else 1


def _doctor(options: argparse.Namespace) -> int:
    refused = False
    for section in doctor.examine(options.cdk_json):
        sys.stdout.writelines(f"{line}\n" for line in section.text())
        sys.stdout.flush()
        refused = refused or any(row.status is Status.REFUSED for row in section.rows)
    return 1 if refused else 0


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "doctor": _doctor,
    "plan": _plan,
    "look": _ask,
    "pause": _ask,
    "resume": _ask,
}


if __name__ == "__main__":
    sys.exit(main())
