"""Properties with the same examples at every run, so that a change is judged by itself; chance is for the soak.

``HYPOTHESIS_PROFILE=chance pytest tests/property`` looks for new counter-examples; what it finds becomes an example.
The tests run the sources; with VORZIMMER_COMPILED=1 (`make test-compiled`) the compiled form of them.
"""

import os

import pytest
from hypothesis import settings

os.environ.setdefault("VORZIMMER_COMPILED", "0")  # before any test imports the product

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("chance", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Doubles cannot be put into the compiled form."""
    if os.environ["VORZIMMER_COMPILED"] == "1":
        for item in items:
            if item.get_closest_marker("sources"):
                item.add_marker(pytest.mark.skip(reason="puts something in the place of what is compiled"))
