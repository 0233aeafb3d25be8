"""`python -m causeway plan LINK | doctor`: the operator's command line.

It looks with the caller's credentials and changes nothing.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from causeway import declared, doctor, show_plan
from causeway.rows import Status
from link.errors import CausewayError, SpecInvalid
from link.steps import Wanted


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 when nothing speaks against a deployment."""
    options = _parser().parse_args(arguments)
    try:
        return _doctor(options) if options.command == "doctor" else _plan(options)
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
    commands.add_parser("doctor", parents=[shared], help="whether all that a deployment needs is there")
    return parser


def _plan(options: argparse.Namespace) -> int:
    links = {link.name: link for link in declared.read(options.cdk_json)}
    if options.link not in links:
        raise SpecInvalid(f"{options.cdk_json} declares no link {options.link!r}; it declares {', '.join(links)}")
    shown = show_plan.show(links[options.link], Wanted.DOWN if options.down else Wanted.UP)
    sys.stdout.writelines(f"{line}\n" for line in shown.text)
    return 0 if shown.goes else 1


def _doctor(options: argparse.Namespace) -> int:
    refused = False
    for section in doctor.examine(options.cdk_json):
        sys.stdout.writelines(f"{line}\n" for line in section.text())
        sys.stdout.flush()
        refused = refused or any(row.status is Status.REFUSED for row in section.rows)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
