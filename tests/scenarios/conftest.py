"""How long properties are tried: briefly, where CI is set the same cases each time; for hours with HYPOTHESIS_PROFILE=soak."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick",
    max_examples=40,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],  # which is the machine's load as often as ours
)
settings.register_profile(
    "soak",
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100000")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
