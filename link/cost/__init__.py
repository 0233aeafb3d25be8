"""What a link costs: samples to bytes, bytes and hours to money, and the statement that is mailed. Pure, Decimal."""
