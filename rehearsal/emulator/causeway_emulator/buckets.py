"""Buckets lie where every other temporary file of the emulator does; LocalEmu writes them to a fixed folder of /tmp."""

import tempfile
from pathlib import Path

from localemu.services.s3 import provider


def mend() -> None:
    provider.DEFAULT_S3_TMP_DIR = str(Path(tempfile.gettempdir()) / "buckets")
