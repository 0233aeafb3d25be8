"""`python -m azure_functions.package [target]`: builds the app's folder, the same bytes for Azure and the rehearsal.

Azure's host wants function_app.py and host.json at the root; our code stays under its own import names below it. What
Azure gets besides, tools/build-azure adds: the pinned packages and the bytecode.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("azure_functions", "link")
AT_ROOT = ("host.json", ".funcignore")
ENTRY = '''"""Where the Functions host looks for the app."""

from azure_functions.function_app import app

__all__ = ["app"]
'''


def build(target: Path) -> None:
    """Replaces `target` by a fresh package."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    (target / "function_app.py").write_text(ENTRY)
    for name in AT_ROOT:
        shutil.copyfile(ROOT / "azure_functions" / name, target / name)
    for package in PACKAGES:
        (target / package).mkdir()
        for source in sorted((ROOT / package).glob("*.py")):
            shutil.copyfile(source, target / package / source.name)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".build" / "azure")
