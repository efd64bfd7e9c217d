"""The description of the API that the portal's client is made from."""

from tools.openapi import TARGET, text


def test_the_written_description_is_what_the_application_says() -> None:
    assert TARGET.read_text("utf-8") == text(), "run python tools/openapi.py"
