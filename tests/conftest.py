"""Properties with the same examples at every run, so that a change is judged by itself; chance is for the soak.

``HYPOTHESIS_PROFILE=chance pytest tests/property`` looks for new counter-examples; what it finds becomes an example.
"""

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("chance", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
