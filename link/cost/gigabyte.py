"""How many bytes the clouds bill as one GB."""

from decimal import Decimal, localcontext

from link.cost.price import EXACT

# No page of AWS was found that says it of EC2. S3's data transfer out is one sum with EC2's, and of it: "62 TB (31 TB
# from Amazon S3 and 31 TB from Amazon EC2)" are "63,488 GB (62 TB * 1024 GB/TB)" (S3 FAQ, "Data Transfer Out Example"),
# and there are "1,073,741,824 bytes per GB" (S3 user guide, "Understanding your AWS billing and usage reports").
AWS = 2**30

# No page of Azure was found that says it of bandwidth. Chosen because of the meter's tiers in the Retail Prices
# interface, which begin at 100, 10335, 51295, 153695 and 512095 GB: 40 and 100 TB are 40960 and 102400 GB there.
# Were a GB 10^9 bytes, the bill would be 7.4% higher.
AZURE = 2**30


def gigabytes(count: int, size: int) -> Decimal:
    """`count` bytes in GB of `size` bytes. Exact."""
    with localcontext(EXACT):
        return Decimal(count) / size
