"""How the AWS emulator is started; the plugin is the package causeway_emulator, installed in its environment."""

from rehearsal import places

DATA = places.STATE / "emulator"
HOME = DATA / "home"
SCRATCH = DATA / "scratch"


def command() -> tuple[list[str], dict[str, str]]:
    """What to run, and its whole environment: nothing is taken from the caller's. Makes the folders it names."""
    for folder in (HOME, SCRATCH):
        folder.mkdir(parents=True, exist_ok=True)
    return [str(places.EMULATOR_PYTHON), "-m", "localemu.runtime.main"], environment()


def environment() -> dict[str, str]:
    return {
        "PATH": f"{places.EMULATOR_PYTHON.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(HOME),
        "TMPDIR": str(SCRATCH),  # the functions' code is unpacked there
        "LANG": "C.UTF-8",
        "GATEWAY_LISTEN": f"127.0.0.1:{places.EMULATOR_PORT}",
        "LOCALEMU_HOST": f"127.0.0.1:{places.EMULATOR_PORT}",
        "GATEWAY_SERVER": "hypercorn",  # the default server listens on all addresses
        "FILESYSTEM_ROOT": str(DATA),
        "OVERRIDE_IN_DOCKER": "0",  # in a container it would take the machine's own folders for that
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        # A machine with a Docker engine must behave as one without: no container, no clean-up of other people's.
        "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        "EC2_VM_MANAGER": "none",
        "LOCALEMU_ENI_REAL": "0",
        "LOCALEMU_VPC_IP_PINNING": "0",
        # Without this an unknown resource type reaches CREATE_COMPLETE and does not exist.
        "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "0",
        "CFN_PER_RESOURCE_TIMEOUT": "3600",
        "LAMBDA_RUNTIME_EXECUTOR": "causeway",
        "LAMBDA_PYTHON": str(places.LAMBDA_PYTHON),
        "IAM_ENFORCEMENT": "soft",  # says in the log what a role would have been denied; see rehearsal/audit.py
        "ROOT_ACCESS_KEYS": places.ROOT_ACCESS_KEY,
        "LOCALEMU_INTERNAL_AUTH_TOKEN": places.EMULATOR_INTERNAL_TOKEN,  # the metadata service asks STS as EC2
        "REHEARSAL_LOGS": str(places.LOGS),
        "REHEARSAL_VM": str(places.VMS),
        "REHEARSAL_AWS_ISSUER": places.AWS_ISSUER,
        "REHEARSAL_ISSUERS": str(places.ISSUERS),
        "REHEARSAL_CA": str(places.TLS / "ca.pem"),
        "REHEARSAL_PRICES": places.PRICES_URL,
    }
