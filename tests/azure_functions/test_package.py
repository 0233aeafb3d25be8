"""The built folder stands alone: Microsoft's worker library finds the functions in it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from azure_functions import package
from tests.azure_functions.app import ENVIRONMENT

INDEX = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from rehearsal import functions_host
sys.path.remove(sys.argv[2])
app = functions_host.App(Path(sys.argv[1]))
import link, azure_functions
print(json.dumps({
    "functions": {f.name: f.trigger for f in app.functions},
    "from": [str(Path(module.__file__).parent.parent) for module in (link, azure_functions)],
}))
"""


def test_the_built_folder_is_an_app_of_its_own(tmp_path: Path) -> None:
    target = tmp_path / "package"
    package.build(target)
    said = subprocess.run(
        [sys.executable, "-c", INDEX, str(target), str(package.ROOT)],
        env={"PATH": os.environ["PATH"], **ENVIRONMENT},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(said.stdout.splitlines()[-1])
    triggers = {name: (t["type"], t.get("route", t.get("queueName"))) for name, t in found["functions"].items()}
    assert triggers == {
        "look_at_link": ("httpTrigger", "links/{name}/look"),
        "accept_work": ("httpTrigger", "links/{name}/work"),
        "take_turn": ("queueTrigger", "causeway-work"),
    }
    keyed = [t["authLevel"] for t in found["functions"].values() if t["type"] == "httpTrigger"]
    assert keyed == ["ANONYMOUS", "ANONYMOUS"] and found["from"] == [str(target), str(target)]


def test_a_second_build_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("")
    package.build(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".funcignore",
        "azure_functions",
        "function_app.py",
        "host.json",
        "link",
    ]
