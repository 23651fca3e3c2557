"""What a check needs from the machine."""

import shutil
import subprocess


def missing(*tools: str) -> str:
    """Return why a check can not be done here; empty if it can."""
    for tool in tools:
        if shutil.which(tool) is None:
            return f"{tool} is not here"
    if "strace" in tools:
        tried = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True)
        if tried.returncode:
            return f"strace may not trace here: {tried.stderr.decode().strip()}"
    return ""
