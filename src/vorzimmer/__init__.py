"""Vorzimmer: the cloud PBX for companies in which people answer for each other.

This package file stays empty so that importing one room never imports another.
"""
