"""Half a minute of the fuzzer, the same inputs every time as far as it goes; and the fuzzer sees what it looks for."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = {"expressions": 10, "quantities": 2, "files": 8, "sbml": 3, "results": 4, "stores": 3, "commands": 3}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SECONDS)
def test_no_input_hangs_grows_crashes_or_writes(kind):
    if kind == "sbml":
        pytest.importorskip("libsbml")
    asked = ["--only", kind, "--minutes", str(SECONDS[kind] / 60), "--processes", "1"]
    found = subprocess.run([sys.executable, HERE, *asked], capture_output=True, text=True, cwd=HERE.parents[1])
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"{kind}: " in found.stdout


BAD = """
import ctypes, os, warnings
from case import Case
from kinetics.errors import InputError

class Bad:
    def __init__(self, folder): self.folder = folder
    def warm(self): pass
    def make(self, chance): return Case("bad.txt", b"", getattr(self, os.environ["DEED"]))
    def accepted(self): return 1
    def refused(self): raise InputError("no")
    def raises(self): raise KeyError("key")
    def writes(self): (self.folder.parent / "trap").write_text("x")
    def writes_in_c(self): ctypes.CDLL(None).mkdir(b"trap", 0o700)
    def starts(self): os.system("true")
    def warns(self): warnings.warn("overflow", RuntimeWarning)
    def grows(self): self.kept = b"x" * 1_100_000_000
    def asks_for_too_much(self): return bytearray(10**11)
    def hangs(self): return pow(7, 10**8)
    def waits(self): os.read(os.pipe()[0], 1)
    def dies(self): ctypes.string_at(0)
"""
WATCH = """
import json, os, sys
sys.path[:0] = sys.argv[1:3]
if __name__ == "__main__":
    from bad import Bad
    from workers import Tally, attempt
    rows = {}
    for deed in sys.argv[3:]:
        os.environ["DEED"] = deed
        tally = Tally(1)
        attempt("bad", Bad, 1, 0, 1, 60.0, 1, tally, lambda failure: None)
        rows[deed] = [tally.accepted, "; ".join(one.what for one in tally.failures)]
    print(json.dumps(rows))
"""
SEEN = {
    "accepted": (1, ""),
    "refused": (0, ""),
    "raises": (1, "KeyError: 'key'"),
    "writes": (1, "open to write: "),
    "writes_in_c": (1, "files changed: "),
    "starts": (1, "os.system: "),
    "warns": (1, "RuntimeWarning of bad.py: overflow"),
    "grows": (1, "GB of memory"),
    "asks_for_too_much": (1, "MemoryError"),
    "hangs": (0, "more than 2 s of processor time"),
    "waits": (0, "waited for more than 5 s"),
    "dies": (0, "the process died: SIGSEGV"),
}


@pytest.mark.slow
def test_what_must_not_happen_is_seen(tmp_path):
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "watch.py").write_text(WATCH)
    found = subprocess.run(
        [sys.executable, tmp_path / "watch.py", HERE, tmp_path, *SEEN], capture_output=True, text=True, timeout=200
    )
    assert found.returncode == 0, found.stderr
    rows = json.loads(found.stdout)
    for deed, (accepted, what) in SEEN.items():
        assert rows[deed][0] == accepted, deed
        assert what in rows[deed][1], deed
        assert what or not rows[deed][1], deed


KNOWN = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from case import generator
from expressions import Expressions
source = Expressions(Path("."))
for number in sys.argv[2:]:
    print(number, source.make(generator("expressions", 1, int(number))).content)
"""


def test_an_input_is_known_by_its_kind_seed_and_number_alone():
    texts = [
        subprocess.run([sys.executable, "-c", KNOWN, HERE, *order], capture_output=True, text=True, check=True).stdout
        for order in (["7", "8", "900"], ["900", "8", "7"])
    ]
    assert sorted(texts[0].splitlines()) == sorted(texts[1].splitlines())
    assert len(texts[0].splitlines()) == 3
