"""One measurement, one process: a request goes in as JSON, an answer comes out as JSON.

``python tests/benchmarks/process.py MODULE REQUEST ANSWER`` calls ``MODULE.measure(**request)``.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["measured", "say"]


def measured(
    module: str, environment: dict[str, str] | None = None, *, interpreter: str = sys.executable, **request: Any
) -> dict[str, Any]:
    """What a module measures in a process of its own.

    Parameters
    ----------
    module : str
        A module of this folder with a function ``measure``.
    environment : dict, optional
        Variables to set for it.
    interpreter : str
        The Python that runs it.
    **request
        Its arguments, anything JSON holds.

    Returns
    -------
    dict
        Its answer, or ``{"failed": reason}``.
    """
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-bench-") as folder:
        request_path, answer_path = Path(folder, "request.json"), Path(folder, "answer.json")
        request_path.write_text(json.dumps(request))
        command = [interpreter, str(Path(__file__)), module, str(request_path), str(answer_path)]
        status = subprocess.run(command, env={**os.environ, **(environment or {})}, check=False).returncode
        if status or not answer_path.is_file():
            return {"failed": f"the process of {module} ended with status {status}"}
        return json.loads(answer_path.read_text())


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def _main(module: str, request: str, answer: str) -> None:
    result = importlib.import_module(module).measure(**json.loads(Path(request).read_text()))
    Path(answer).write_text(json.dumps(result))


if __name__ == "__main__":
    _main(*sys.argv[1:])
