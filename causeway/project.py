"""What a deployment needs on this machine: the declared links, the built code, Node and the CDK's command line."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from causeway import declared
from causeway.declared import Declared
from causeway.rows import Row, Status
from link.errors import SpecInvalid

_ROOT = Path(__file__).resolve().parent.parent
_ASSET = _ROOT / ".build" / "lambda"
_CDK = _ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"


def wanted(path: Path) -> tuple[Declared, tuple[Row, ...]]:
    """What is declared, and a row for every fault."""
    try:
        found = declared.read(path)
    except SpecInvalid as exc:
        faults = (line.partition(": ") for line in str(exc).splitlines())
        return Declared((), None), tuple(
            Row(str(path), Status.REFUSED, f"{field}: {fault}", f"correct {field}") for field, _, fault in faults
        )
    names = ", ".join(link.name for link in found.links)
    return found, (Row(str(path), Status.OK, f"{len(found.links)} link(s): {names}"),)


def tools() -> Iterator[Row]:
    """Whether `make setup` and `make lambda-asset` have been here."""
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if node and _CDK.exists():
        yield Row("CDK command line", Status.OK, f"{_CDK.relative_to(_ROOT)}, {node}")
    else:
        missing = "Node" if not node else str(_CDK.relative_to(_ROOT))
        yield Row("CDK command line", Status.REFUSED, f"{missing} is not there", "run: make setup")
    if _ASSET.is_dir():
        yield Row("Lambda asset", Status.OK, str(_ASSET.relative_to(_ROOT)))
    else:
        yield Row("Lambda asset", Status.WARNING, "not built yet", "make deploy builds it; or run: make lambda-asset")
