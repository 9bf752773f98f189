"""Every test: the same examples in every run."""

from hypothesis import settings

# A run says something about the code, not about luck or about how busy the machine is. New examples
# are for those who look for them: make test-models ARGS=--hypothesis-profile=search
settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile("repeat")
