"""The mail that tells what a link costs: a statement's values are rounded, drawn and wrapped, never computed."""
