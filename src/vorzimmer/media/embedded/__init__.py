"""The embedded media backend: one relaying and playing worker process per core, and its client in control."""
