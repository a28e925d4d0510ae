"""Property tests draw the same examples every time, and no clock can fail them."""

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
