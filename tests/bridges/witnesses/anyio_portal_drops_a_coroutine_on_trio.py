"""anyio's BlockingPortal on Trio: a call that meets a portal as it ends is a coroutine that is never awaited (R6)."""

import contextlib
import sys
import warnings

from anyio.from_thread import start_blocking_portal

with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    for _ in range(1000):  # A race: the call has to come between the end of the body and that of the task group.
        with contextlib.suppress(SystemExit), start_blocking_portal("trio") as portal:
            portal.call(sys.exit)  # The portal ends; the call that meets it is portal.stop(), of the `with`.
        if heard:
            break
print(f"the SystemExit was told; it was reported, too: {heard and str(heard[0].message)}")
sys.exit(bool(heard))
