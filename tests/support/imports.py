"""What a fresh interpreter loads."""

from __future__ import annotations

import asyncio
import sys


async def imported(module: str) -> set[str]:
    """Return the names of everything that is imported with `module`."""
    code = f"import sys, {module}; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    names, _ = await process.communicate()
    return set(names.decode().split())
