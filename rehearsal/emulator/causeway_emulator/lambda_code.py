"""One copy of an asset for all functions that share it; LocalEmu stores and unpacks it for each, at seconds apiece."""

import functools

from localemu.services.lambda_ import provider
from localemu.services.lambda_.invocation import lambda_service
from localemu.services.lambda_.invocation.lambda_models import S3Code


def mend() -> None:
    provider.store_s3_bucket_archive = store_once
    S3Code.destroy = S3Code.destroy_cached = lambda self: None  # shared, and gone with the emulator's folder


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
