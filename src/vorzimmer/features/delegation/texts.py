"""What the settings of delegation are called, in German and English."""

LABELS = {
    "page.delegation": {
        "de": "Anrufdelegierung",
        "en": "Delegation",
    },
    "page.delegates": {
        "de": "Delegierte",
        "en": "Delegates",
    },
    "page.vip": {
        "de": "VIP-Kontakte",
        "en": "VIP contacts",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
