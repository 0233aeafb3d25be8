"""Lambda's code and logs: one copy of an asset for all functions that share it, log lines in the declared log group."""

import functools
from typing import Any

from localemu.services.lambda_ import provider
from localemu.services.lambda_.invocation import lambda_service
from localemu.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localemu.services.lambda_.invocation.lambda_models import S3Code
from localemu.utils.patch import patch


def mend() -> None:
    """LocalEmu stores and unpacks the asset anew for each function, at seconds apiece."""
    provider.store_s3_bucket_archive = store_once
    S3Code.destroy = S3Code.destroy_cached = lambda self: None  # shared, and gone with the emulator's folder

    @patch(ExecutionEnvironment.get_log_group_name)
    def get_log_group_name(original: Any, self: ExecutionEnvironment) -> str:
        declared = (self.function_version.config.logging_config or {}).get("LogGroup")
        return declared or original(self)


def store_once(
    archive_bucket: str,
    archive_key: str,
    archive_version: str | None,
    function_name: str,
    region_name: str,
    account_id: str,
) -> S3Code:
    return store(archive_bucket, archive_key, archive_version, region_name, account_id)


@functools.cache
def store(bucket: str, key: str, version: str | None, region_name: str, account_id: str) -> S3Code:
    """The CDK names an asset by its hash, so one key is one content."""
    return lambda_service.store_s3_bucket_archive(bucket, key, version, "shared", region_name, account_id)
