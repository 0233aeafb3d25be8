"""The commit that a drill's result is of. Results of a tree with changes count for no commit."""

import subprocess
from pathlib import Path

from rehearsal import places


def of_tree(root: Path = places.ROOT) -> str | None:
    """The commit of HEAD; None where the tree differs from it, or git does not know."""
    try:
        if Path(_git(root, "rev-parse", "--show-toplevel")) != root.resolve():
            return None  # it lies in another tree
        changes = _git(root, "status", "--porcelain")
        return None if changes else _git(root, "rev-parse", "HEAD")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
