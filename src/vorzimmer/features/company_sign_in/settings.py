"""Signing in to the portal through the company's own provider (OpenID Connect; docs/signin.md).

This module must never decide; it says what an administrator can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, GivenPassword, Section

Issuer = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s/?#@]+[^\s?#]*\Z", max_length=255, extra={"says": "an address like https://id.example"}
    ),
]


class CompanySignIn(Section, frozen=True):
    """`issuer` is the provider's address as it names itself, `client_id` and `client_secret` what it gave us. People
    are found by their e-mail address. `passwords` False: nobody but company administrators signs in with a password or
    passkey of ours any more. `second_factor` required: who signs in with a password alone sets one up before anything
    else."""

    EMERGENCY: ClassVar = Emergency.PASSES
    issuer: Issuer | None = None
    client_id: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    client_secret: GivenPassword = None
    passwords: bool = True
    second_factor: Literal["optional", "required"] = "optional"

    @property
    def usable(self) -> bool:
        """Whether enough is set to sign in through the provider."""
        return self.issuer is not None and self.client_id is not None


COMPANY_SIGN_IN = Key("sign_in", CompanySignIn, ("company",))
KEYS = (COMPANY_SIGN_IN,)
