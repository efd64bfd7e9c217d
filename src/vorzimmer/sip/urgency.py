"""Whether bytes begin something new or go on with what was begun, at a glance.

While messages queue up, those of calls in progress go first. CANCEL stays behind its INVITE. This module must never
judge a message: a wrong guess only changes the order.
"""

import re

_NEW = (b"INVITE ", b"REGISTER ", b"SUBSCRIBE ", b"PUBLISH ", b"OPTIONS ", b"CANCEL ", b"MESSAGE ")
_TO_TAG = re.compile(rb"\n(?:to|t)[ \t]*:[^\r\n]*;[ \t]*tag[ \t]*=", re.IGNORECASE)


def begins_something(data: bytes) -> bool:
    """A request outside dialogs, or the CANCEL of one."""
    return data.startswith(_NEW) and _TO_TAG.search(data) is None
