"""For all tests: no property of ours is about how fast this machine is at the moment."""

from hypothesis import settings

settings.register_profile("causeway", deadline=None)
settings.load_profile("causeway")
