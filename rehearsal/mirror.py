"""A Debian mirror of a few packages, which the fabric serves on the "internet" when a stock image is booted.

One flat folder beside the image: the .deb files, and the Packages and Release that apt asks for (deb(5)).
"""

import datetime
import functools
import hashlib
import http.server
import subprocess
import threading
import urllib.parse
from pathlib import Path

from rehearsal import bridge, places

FOLDER = "packages"


def index(image: Path) -> None:
    """Write the indices of the image's packages."""
    folder = image / FOLDER
    packages = "\n".join(_stanza(package) for package in sorted(folder.glob("*.deb")))
    (folder / "Packages").write_text(packages)
    digest = hashlib.sha256(packages.encode()).hexdigest()
    now = datetime.datetime.now(datetime.UTC)
    date = f"Date: {now:%a, %d %b %Y %H:%M:%S} UTC\n"
    (folder / "Release").write_text(f"{date}SHA256:\n {digest} {len(packages.encode())} Packages\n")


def _stanza(package: Path) -> str:
    fields = subprocess.run(["dpkg-deb", "--field", str(package)], capture_output=True, text=True, check=True).stdout
    content = package.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return f"{fields.rstrip()}\nFilename: ./{package.name}\nSize: {len(content)}\nSHA256: {digest}\n"


def belongs_to(image: Path) -> bool:
    """Whether the image has packages of its own to fetch."""
    return (image / FOLDER / "Packages").exists()


def serve(image: Path) -> http.server.ThreadingHTTPServer:
    """Serve in a thread of this process; every request is a line in the log, so that a download can be seen."""
    where = urllib.parse.urlsplit(places.MIRROR_IN_VM)
    assert where.hostname is not None
    assert where.port is not None
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(image / FOLDER))
    server = http.server.ThreadingHTTPServer((where.hostname, where.port), handler, bind_and_activate=False)
    server.socket.close()
    server.socket = bridge.listen_in(places.NAMESPACE_INTERNET, where.hostname, where.port)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True, name="mirror").start()
    return server
