"""asgiref's sync_to_async(): a keyword called `self` does not pass (V19)."""

import asyncio
import sys
from typing import Any

from asgiref.sync import sync_to_async


def callee(**keywords: Any) -> Any:
    return keywords["self"]


try:
    asyncio.run(sync_to_async(callee)(self=1))
except TypeError as error:
    print(f"callee(self=1): {error}")
    sys.exit(1)
print("it passes")
