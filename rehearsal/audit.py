"""What the emulator's IAM would have denied: its enforcement only warns, since full enforcement breaks `cdk deploy`."""

from rehearsal import places

MARK = "iam"


def denied() -> list[str]:
    """One line for each denied call."""
    log = places.LOGS / "emulator.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return sorted({line.strip() for line in lines if MARK in line.lower() and "denied" in line.lower()})
