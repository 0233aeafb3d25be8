"""Renders a gateway's user data: one cloud-config, the same bytes for Debian's stock image and for a pre-baked one.

It carries the agent and says whose configuration to fetch and where; it never says what the configuration is.
"""

import ast
import base64
import bz2
import gzip
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

# EC2's limit for user data before it is encoded ("Run commands when you launch an EC2 instance").
LIMIT_BYTES = 16_384
LIBRARY = "/usr/local/lib/causeway"
DROP_IN = "/etc/systemd/system/ipsec.service.d/causeway.conf"
UNIT = "/etc/systemd/system/causeway-agent.service"

_HERE = Path(__file__).parent
# bootcmd comes before write_files, so it brings its own way to write. bzip2 makes text smaller than the gzip around it
# does, which cloud-init knows alone; base64's growth is undone by that gzip.
_WRITE = """\
import base64, bz2, json, pathlib, sys
for name, text in json.loads(bz2.decompress(base64.b64decode(sys.argv[1]))).items():
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
"""


class UserDataTooLarge(Exception):
    """The agent outgrew what EC2 accepts."""


@cache
def version() -> str:
    """Sixteen hex digits that change when anything changes that user data brings to a gateway."""
    return hashlib.sha256(cloud_config("link", "region", "table").encode()).hexdigest()[:16]


def render(link: str, region: str, table: str) -> bytes:
    """The user data, compressed, which cloud-init reads as it is. The same arguments give the same bytes."""
    data = gzip.compress(cloud_config(link, region, table).encode(), 9, mtime=0)
    if len(data) > LIMIT_BYTES:
        raise UserDataTooLarge(f"user data has {len(data)} bytes; EC2 accepts {LIMIT_BYTES}: make the agent smaller")
    return data


def cloud_config(link: str, region: str, table: str) -> str:
    """The text inside. bootcmd is cloud-init's first module: the agent starts while the others are still at work."""
    config = {
        "users": [],
        "disable_root": True,
        "ssh_pwauth": False,
        "ssh_genkeytypes": ["ed25519"],  # nobody logs in; RSA keys only cost time
        "bootcmd": [
            ["python3", "-c", _WRITE, _packed(_files(link, region, table))],
            ["sh", f"{LIBRARY}/boot", "early"],
        ],
        "runcmd": [["sh", f"{LIBRARY}/boot", "install"]],
    }
    return f"#cloud-config\n# Causeway gateway of link {link}\n{json.dumps(config, indent=1)}\n"  # JSON is YAML


def _packed(files: Mapping[str, str]) -> str:
    return base64.b64encode(bz2.compress(json.dumps(files).encode())).decode()


def _files(link: str, region: str, table: str) -> Mapping[str, str]:
    """Path on the gateway and content."""
    modules = [_HERE / "__init__.py", *sorted((_HERE / "agent").glob("*.py"))]
    return {
        "/etc/causeway/settings.json": json.dumps({"link": link, "region": region, "table": table}) + "\n",
        UNIT: (_HERE / "files" / "causeway-agent.service").read_text(),
        DROP_IN: (_HERE / "files" / "ipsec.conf").read_text(),
        f"{LIBRARY}/boot": (_HERE / "files" / "boot").read_text(),
        **{f"{LIBRARY}/gateway/{module.relative_to(_HERE)}": _bare(module.read_text()) for module in modules},
    }


def _bare(source: str) -> str:
    """The same program without comments, docstrings and annotations of functions, which are for readers here."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree) + "\n"
