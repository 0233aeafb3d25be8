"""Asks the AWS Price List. It answers for every region from a few (AWS Billing user guide, "Price List Query API")."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from lambdas.clouds.errors import translated
from link.cost import aws_products
from link.cost.price import Wanted

ANSWERS_FROM = "us-east-1"
MOST = 300  # products; the questions of link/cost/aws_products.py match less than twenty
_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})


@cache
def _pricing() -> Any:
    return boto3.client("pricing", region_name=ANSWERS_FROM, config=_CONFIG)


def documents(wanted: Wanted) -> list[str]:
    """The price list's documents of the wanted item, JSON texts. Raises CloudBusy or CloudRefused."""
    service, attributes = aws_products.ask(wanted)
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in attributes.items()]
    with translated("asking the AWS Price List"):
        pages = (
            _pricing()
            .get_paginator("get_products")
            .paginate(ServiceCode=service, FormatVersion="aws_v1", Filters=filters, PaginationConfig={"MaxItems": MOST})
        )
        return [document for page in pages for document in page.get("PriceList", [])]
