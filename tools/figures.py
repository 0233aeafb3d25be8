"""`python -m tools.figures`: writes and prints .build/figures.json, the product's size and speed in figures.

Each figure is computed by synthesis, by counted calls, or from the last rehearsal's files. A function returns None for
what was not measured, and its key is then absent. A figure that fails hides no other: its error goes to stderr.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from zipfile import ZIP_DEFLATED, ZipFile

from gateway import cloud_config
from link.steps import State
from rehearsal import places
from tools import policy_size
from tools.synthesis import ROOT, STACK_PREFIX, Stack, example_stacks, link_stack

OUTPUT = ROOT / ".build" / "figures.json"
PRODUCT = ("link", "gateway", "lambdas", "costs", "azure_functions", "stacks", "causeway", "app.py")
# The CDK zips with yazl at its default level (writeZipFile and determineCompressionLevel in aws-cdk's lib/index.js).
ZIP_LEVEL = 6

Figure = Callable[[], int | float | None]


def resources_per_link(stacks: Sequence[Stack]) -> int:
    """CloudFormation resources of one link's stack."""
    return len(link_stack(stacks).resources)


def iam_roles_per_link(stacks: Sequence[Stack]) -> int:
    """IAM roles of one link's stack."""
    return len(link_stack(stacks).of_type("AWS::IAM::Role"))


def functions_per_region(stacks: Sequence[Stack]) -> int:
    """Lambda functions that a region with one link needs.

    It adds the functions of the region's stacks that belong to no link (the cost mail's among them) and those of one
    link's stack.
    """
    region = link_stack(stacks).region
    return sum(len(one.of_type("AWS::Lambda::Function")) for one in stacks if one.region == region)


def user_data_bytes(stacks: Sequence[Stack]) -> int:
    """The user data of one link's gateway, in the bytes that EC2 counts, which are those before base64."""
    stack = link_stack(stacks)
    (table,) = stack.of_type("AWS::DynamoDB::Table")
    name = stack.name.removeprefix(STACK_PREFIX)
    return len(cloud_config.render(name, stack.region, policy_size.physical_name(stack, table)))


def lambda_zip_mb(asset: Path) -> float | None:
    """The asset of every Lambda function, zipped as the CDK uploads it, in megabytes of 10^6 bytes."""
    if not asset.is_dir():
        return None
    with TemporaryFile() as file:
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=ZIP_LEVEL, strict_timestamps=False) as archive:
            for path in sorted(path for path in asset.rglob("*") if path.is_file()):
                archive.write(path, path.relative_to(asset))
        return round(file.tell() / 1e6, 2)


def walk_own_s(saved: Path) -> float | None:
    """Causeway's own seconds of the first deployment's walk: without machine boot and ARM (rehearsal/timeline.py)."""
    if not saved.is_file():
        return None
    walks = json.loads(saved.read_text())["walks"]
    first = (walk for walk in walks if _deploys_anew({state["name"] for state in walk["states"]}))
    return next((float(walk["other_s"]) for walk in first), None)


def _deploys_anew(visited: set[str]) -> bool:
    """Whether a walk built and verified a link that had never been up, and undid nothing."""
    established_or_undone = {State.REPOINT_GATEWAY, State.RESTORE_GATEWAY, State.REMOVE_ROUTES}
    return visited >= {State.WAIT_FOR_BOOT, State.VERIFY} and not visited & established_or_undone


def product_lines(root: Path) -> int | None:
    """`wc -l` of the product's tracked files, templates and Bicep included, lists of packages (requirements.*) not."""
    if not (root / ".git").exists():
        return None
    listed = subprocess.run(["git", "ls-files", "-z", *PRODUCT], cwd=root, capture_output=True, text=True, check=True)
    paths = [root / name for name in listed.stdout.split("\0") if name]
    return sum(path.read_bytes().count(b"\n") for path in paths if path.stem != "requirements" and path.is_file())


FIGURES: Mapping[str, Figure] = {
    "resources_per_link": lambda: resources_per_link(example_stacks(1)),
    "iam_roles_per_link": lambda: iam_roles_per_link(example_stacks(1)),
    "functions_per_region": lambda: functions_per_region(example_stacks(1)),
    "inline_policy_chars_at_100_links": lambda: policy_size.largest(example_stacks(100)),
    "user_data_bytes": lambda: user_data_bytes(example_stacks(1)),
    "lambda_zip_mb": lambda: lambda_zip_mb(places.LAMBDA_ASSET),
    "walk_own_s": lambda: walk_own_s(places.TIMELINE),
    "product_lines": lambda: product_lines(ROOT),
}


def measure(figures: Mapping[str, Figure]) -> tuple[dict[str, int | float], dict[str, Exception]]:
    """The measured figures, and the errors of those that failed."""
    measured: dict[str, int | float] = {}
    failed: dict[str, Exception] = {}
    for name, figure in figures.items():
        try:
            value = figure()
        except Exception as exc:  # noqa: BLE001  # whatever it is, the other figures are measured
            failed[name] = exc
        else:
            if value is not None:
                measured[name] = value
    return measured, failed


def main(figures: Mapping[str, Figure] = FIGURES, output: Path = OUTPUT) -> int:
    """1 when a figure failed."""
    measured, failed = measure(figures)
    text = json.dumps(measured, indent=2)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(f"{text}\n")
    print(text)
    for name, exc in failed.items():
        print(f"{name}: {type(exc).__name__}: {exc}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
