"""Where everything of a rehearsal lives: folders, ports, addresses and namespace names. Constants, and one choice."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

TOOLS = ROOT / ".tools"
VENV_PYTHON = TOOLS / "venv" / "bin" / "python"
EMULATOR_PYTHON = TOOLS / "emulator" / "bin" / "python"
LAMBDA_PYTHON = TOOLS / "lambda" / "bin" / "python"
NODE_BIN = ROOT / "node_modules" / ".bin"
IMAGE = TOOLS / "image"
STOCK_IMAGE = TOOLS / "stock-image"
IMAGE_CHOICE = "CAUSEWAY_IMAGE"  # in the environment of the fabric: the image that its machines boot

BUILD = ROOT / ".build"
LAMBDA_ASSET = BUILD / "lambda"
AZURE_PACKAGE = BUILD / "azure"

STATE = ROOT / ".rehearsal"
RUN = STATE / "run"
LOGS = STATE / "logs"
VMS = STATE / "vm"
TLS = STATE / "tls"
CDK = STATE / "cdk"
ARM_STATE = STATE / "arm"
ISSUERS = STATE / "issuers"  # the key sets of the token issuers, public halves only
UNBOOTABLE = STATE / "image-does-not-boot"  # while this file is there, a machine that starts finds no root disk
DRILLS = STATE / "drills.json"  # results of drills, by commit; the one file that outlives a run
TIMELINE = STATE / "timeline.json"
REPORT = STATE / "report"  # the cost mail as files

REGION = "eu-west-1"
ACCOUNT = "000000000000"
EMULATOR_PORT = 4580
EMULATOR_URL = f"http://127.0.0.1:{EMULATOR_PORT}"
ARM_PORT = 8443
ARM_URL = f"https://localhost:{ARM_PORT}"
IDENTITY_PORT = 8444
ISSUERS_PORT = 8445
AWS_ISSUER = f"https://localhost:{ISSUERS_PORT}/aws"  # of the emulator's account
PRICES_PORT = 8446
PRICES_URL = f"https://localhost:{PRICES_PORT}"  # both clouds' price interfaces
FUNCTIONS_PORT = 7071
HANGING_PORT = 7072  # of a drill: it takes what is sent to a Function and never answers
FUNCTIONS_URL = f"https://localhost:{FUNCTIONS_PORT}"
AZURITE_BLOB_PORT = 10000
AZURITE_QUEUE_PORT = 10001
AZURITE_TABLE_PORT = 10002

NAMESPACE_INTERNET = "cw-inet"
NAMESPACE_VPC = "cw-vpc"
NAMESPACE_PEER = "cw-peer"  # + last byte of the Azure gateway's address; those of hosts are in networks.py

AWS_ENDPOINT_IN_VM = "http://192.0.2.10:4580"  # TEST-NET-1, in the "internet" namespace
MIRROR_IN_VM = "http://192.0.2.10:80"  # Debian packages, for the stock image alone
ROOT_ACCESS_KEY = (
    "causewayrehearsal"  # the emulator takes any key; the CDK caches the account by key, so one of our own
)
ROOT_SECRET_KEY = "rehearsal"  # nothing checks it
EMULATOR_INTERNAL_TOKEN = "rehearsal"  # LOCALEMU_INTERNAL_AUTH_TOKEN of the emulator: lets the IMDS speak as EC2


def booted_image() -> Path:
    """The folder of the image that gateways boot: the pre-baked one unless another is chosen."""
    return TOOLS / os.environ.get(IMAGE_CHOICE, IMAGE.name)
