"""The key of a launch's volumes: the account's default, and who may use it.

moto has no GetEbsDefaultKmsKeyId, and its KMS is not LocalEmu's. A launch whose caller may not use the key is accepted,
and its instance ends: https://repost.aws/knowledge-center/encrypted-volumes-stops-immediately
"""

import dataclasses
import json
from typing import Any

from localemu.services.iam_enforcement import identity
from localemu.services.iam_enforcement.evaluator import Decision, PolicyEvaluator
from localemu.services.kms.models import kms_stores
from moto.core.responses import ActionResult
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.instances import InstanceResponse

AWS_MANAGED = "alias/aws/ebs"  # what GetEbsDefaultKmsKeyId answers until the customer names a key (AWS CLI reference)
# EBS user guide, "Required permissions": a wildcard is every action that it stands for.
ACTIONS = ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo")
defaults: dict[tuple[str, str], str] = {}


def mend() -> None:
    ElasticBlockStore.get_ebs_default_kms_key_id = get_default
    ElasticBlockStore.modify_ebs_default_kms_key_id = modify_default
    ElasticBlockStore.reset_ebs_default_kms_key_id = reset_default


def get_default(answers: ElasticBlockStore) -> ActionResult:
    answers.error_on_dryrun()
    return ActionResult({"KmsKeyId": default(answers)})


def modify_default(answers: ElasticBlockStore) -> ActionResult:
    """EC2 looks at the key later: what does not exist is taken, and launches with it end."""
    answers.error_on_dryrun()
    wanted = answers._get_param("KmsKeyId")
    key = find(wanted, answers)
    defaults[answers.current_account, answers.region] = key.metadata["Arn"] if key else wanted
    return get_default(answers)


def reset_default(answers: ElasticBlockStore) -> ActionResult:
    answers.error_on_dryrun()
    defaults.pop((answers.current_account, answers.region), None)
    return get_default(answers)


def default(answers: Any) -> str:
    return defaults.get((answers.current_account, answers.region), AWS_MANAGED)


def usable(launch: InstanceResponse) -> bool:
    """Whether the caller may use the keys of all volumes that the launch encrypts."""
    return all(may_use(launch, key) for key in keys(launch))


def keys(launch: InstanceResponse) -> set[str]:
    """The root volume is encrypted by the account's default alone, unless a mapping is for it."""
    by_default = launch.ec2_backend.get_ebs_encryption_by_default()
    volumes = [mapping["Ebs"] for mapping in launch._get_param("BlockDeviceMappings", []) if mapping.get("Ebs")]
    encrypted = [one for one in volumes or [{}] if by_default or one.get("Encrypted") or one.get("KmsKeyId")]
    return {one.get("KmsKeyId") or default(launch) for one in encrypted}


def may_use(launch: InstanceResponse, id: str) -> bool:
    """Keys of AWS's own need nothing. A caller that is nobody's is the emulator itself."""
    if id.endswith(AWS_MANAGED):
        return True
    authorization = launch.headers.get("Authorization", "")
    access_key = authorization.partition("Credential=")[2].partition("/")[0]
    caller = identity.resolve_caller(access_key, launch.current_account, launch.region)
    key = find(id, launch)
    if key is None or key.metadata["KeyState"] != "Enabled":
        return False
    return caller is None or caller.principal_type == "Root" or allowed(caller, key, launch.region)


def find(id: str, answers: Any) -> Any:
    """By its id, its ARN, or an alias of either form."""
    store = kms_stores[answers.current_account][answers.region]
    name = id.rpartition(":")[2].removeprefix("key/")
    alias = store.aliases.get(name)
    return store.keys.get(alias.metadata["TargetKeyId"] if alias else name)


def allowed(caller: Any, key: Any, region: str) -> bool:
    """The key's policy names the role, or hands the decision to the account's policies by naming its root."""
    conditions = {
        "kms:ViaService": f"ec2.{region}.amazonaws.com",
        "kms:CallerAccount": caller.account_id,
        "kms:GrantIsForAWSResource": "true",
        "aws:SecureTransport": "true",
    }
    named, delegates = policy_for(caller, key)
    judged = caller if delegates else dataclasses.replace(caller, role_name=None)  # then its own policies do not count
    judge = PolicyEvaluator().evaluate
    return all(
        judge(judged, f"kms:{action}", key.metadata["Arn"], conditions, named) is Decision.ALLOW for action in ACTIONS
    )


def policy_for(caller: Any, key: Any) -> tuple[dict[str, Any], bool]:
    """The key's policy with the session for its role and without the root's part; whether there is such a part."""
    role = f"arn:aws:iam::{caller.account_id}:role/{caller.role_name}"
    statements = json.loads(key.policy.replace(f'"{role}"', f'"{caller.arn}"'))["Statement"]
    root = f"arn:aws:iam::{caller.account_id}:root"
    of_root = [one for one in statements if root in json.dumps(one.get("Principal"))]
    return {"Statement": [one for one in statements if one not in of_root]}, bool(of_root)
