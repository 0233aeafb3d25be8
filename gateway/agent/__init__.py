"""The gateway's agent. It has Debian 13's Python and nothing else: no boto3, no pydantic, so no import of link/."""
