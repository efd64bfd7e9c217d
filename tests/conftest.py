"""Properties with the same examples at every run, so that a change is judged by itself; chance is for the soak.

``HYPOTHESIS_PROFILE=chance pytest tests/property`` looks for new counter-examples; what it finds becomes an example.
The tests run the sources; with VORZIMMER_COMPILED=1 (`make test-compiled`) the compiled form of them.
"""

import os

from hypothesis import settings

os.environ.setdefault("VORZIMMER_COMPILED", "0")  # before any test imports the product

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("chance", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
