"""`python -m tools.bench_import`: how long the Function's package takes to import, with its bytecode and without.

Each figure is of new processes that see nothing but the package and Python's own library, in turns, so that both meet
the same machine. The files are in the page cache both times.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PACKAGE = Path(__file__).resolve().parent.parent / ".build" / "azure-package"
ROUNDS = 7
LIMIT = 0.3  # of the time without bytecode (issue 5)
# What the app needs to be set so that its import ends; none of it is used by an import.
SETTINGS = {
    "AWS_TOKEN_AUDIENCE": "api://tenant/causeway",
    "AzureWebJobsStorage__queueServiceUri": "https://account.queue.core.windows.net",
    "CALLERS_ACCOUNT": "000000000000",
    "CALLERS_AUDIENCE": "https://app.example",
    "CALLERS_ISSUER": "https://issuer.example",
}
# The worker puts the app's folder and its packages onto the path (azure_functions_runtime's CUSTOMER_PACKAGES_PATH).
IMPORT = """
import json, resource, sys, time
sys.path[:0] = [sys.argv[1] + "/.python_packages/lib/site-packages", sys.argv[1]]
began = time.perf_counter()
import function_app
seconds = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "peak_mb": peak / 1024, "modules": len(sys.modules)}))
"""


@dataclass(frozen=True)
class Start:
    """One import of the app in a process of its own."""

    seconds: float
    peak_mb: float
    modules: int


def start(package: Path) -> Start:
    """-B: nothing is written beside the source. -S: the packages of this environment are not there."""
    command = [sys.executable, "-I", "-B", "-S", "-c", IMPORT, str(package)]
    said = subprocess.run(command, env={**SETTINGS, "PATH": os.environ["PATH"]}, capture_output=True, check=True)
    return Start(**json.loads(said.stdout))


def measure(package: Path, bare: Path, rounds: int) -> tuple[list[Start], list[Start]]:
    """With bytecode and without, in turns."""
    pairs = [(start(package), start(bare)) for _ in range(rounds + 1)][1:]  # the first fills the page cache
    return [compiled for compiled, _ in pairs], [source for _, source in pairs]


def main() -> int:
    """0 when the limit is kept."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare"
        shutil.copytree(PACKAGE, bare, ignore=shutil.ignore_patterns("__pycache__"))
        compiled, source = measure(PACKAGE, bare, ROUNDS)
    for name, starts in (("with bytecode", compiled), ("without", source)):
        seconds = sorted(s.seconds for s in starts)
        print(
            f"{name:14} {median(seconds):5.2f} s (median of {len(starts)}, {seconds[0]:.2f} to {seconds[-1]:.2f}), "
            f"peak {median(s.peak_mb for s in starts):.0f} MB, {starts[0].modules} modules"
        )
    share = median(s.seconds for s in compiled) / median(s.seconds for s in source)
    print(f"share          {share:5.2f} (at most {LIMIT})")
    return 0 if share <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
