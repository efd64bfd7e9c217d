"""Vorzimmer: the cloud PBX for companies in which people answer for each other.

This package file imports no room, so that importing one never imports another. It only lets the compiled form of the
pure rooms take their place where one was built from exactly these sources (`vorzimmer.compiled`).
"""

from vorzimmer import compiled

compiled.use()
