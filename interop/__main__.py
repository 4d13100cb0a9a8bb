"""Where the command `interop` begins: a signal must end it in one line, also while it is still importing."""

import os
import signal
import sys


def main() -> int:
    """Run the command. Returns its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # a shell's background job is to ignore SIGINT
            signal.signal(number, _leave)
    from interop.cli import main as command

    exit_code = command()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # all is done and said; the interpreter's own end is no longer guarded by us
    return exit_code


def _leave(number: int, frame: object) -> None:
    os.write(2, f"interop: Interrupted: stopped by {signal.Signals(number).name}\n".encode())
    os._exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
