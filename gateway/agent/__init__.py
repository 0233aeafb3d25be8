"""The gateway's agent. It has Debian 13's Python and botocore, nothing else: no pydantic, so no import of link/."""
