"""What Vorzimmer does per second of CPU time, measured by `python -m benchmarks.run`, never by a timed test."""
