"""The browser that prints documents: it draws MathML as no other renderer does."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kinetics.errors import InputError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_VARIABLE = "CHROME_PATH"
"""The environment variable that names the program, if it is not on the path."""
_SECONDS = 120
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
"""No window, and no word with any other machine."""


def browser() -> str:
    """The path of a browser of the Chromium family; an `InputError` says how to get one."""
    named = os.environ.get(_VARIABLE)
    for name in (named,) if named else _NAMES:
        if found := shutil.which(name):
            return found
    if named:
        raise InputError(f"{_VARIABLE} is '{named}', which is no program; name a browser of the Chromium family")
    raise InputError(
        "a report as .pdf is printed by Chromium, Chrome or Edge, and none is installed; install one, such as with "
        f"'apt install chromium', or name its program in the environment variable {_VARIABLE}; or write .html"
    )


def run_browser(arguments: Sequence[str]) -> None:
    """Run the browser once, with a profile of its own; an `InputError` with its words if it fails."""
    program = browser()
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-") as folder:
        # its sandbox does not work for the administrator, whose containers have walls of their own
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command = [program, *_OPTIONS, *sandbox, f"--user-data-dir={Path(folder) / 'profile'}", *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise InputError(f"{program} did not print the report within {_SECONDS} s; write .html") from error
        except OSError as error:
            raise InputError(f"{program} cannot be run: {error}") from error
    if done.returncode != 0:
        raise InputError(f"{program} could not print the report: {done.stderr.strip()[-500:]}")
