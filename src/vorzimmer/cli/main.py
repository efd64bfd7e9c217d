"""The `vorzimmer` command: serve, demo, apply, export, explain, calls, history, watchers, trace,
certificates, account, api-token.

Exit status 0: done or nothing to do, 1: refused, 2: bad input, 130: interrupted. This module must never let a person
see a traceback for something that is not a bug.
"""

import sys

from vorzimmer.kernel.errors import VorzimmerError

INTERRUPTED = 130


def main() -> None:
    """Entry point: known errors are one line on standard error, never a traceback."""
    try:
        from vorzimmer.cli.commands import app  # noqa: PLC0415 -- Ctrl-C may come while this is still being loaded

        app()
    except VorzimmerError as error:
        print(f"vorzimmer: {error}", file=sys.stderr)  # noqa: T201 -- nothing else may be loaded here
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
