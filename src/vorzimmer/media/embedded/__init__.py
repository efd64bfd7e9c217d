"""The embedded media backend: one relaying, translating and playing process per core, and its client in control."""

import os

# Before numpy is imported anywhere: its matrix library would keep a thread per core spinning beside the relay.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
