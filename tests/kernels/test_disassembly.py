"""No wide instruction outside the functions of its own instruction set: an old processor never meets one."""

import platform
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator

import pytest

from lilliput import _core

pytestmark = [
    pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="reads x86-64 code"),
    pytest.mark.skipif(shutil.which("objdump") is None, reason="objdump is not installed"),
]

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
# VEX and EVEX instructions begin with v (verr and verw are the system's); those on masks begin with k.
VECTOR = re.compile(r"^(v(?!err$|erw$)|k(mov|or|and|xor|xnor|not|test|shift|unpck|add))")
TILE = re.compile(r"^(ldtilecfg|sttilecfg|tile|tdp)")
# Not tzcnt: compilers write bsf that way, and a processor without tzcnt reads it as bsf.
LATER = re.compile(
    r"^(popcnt|lzcnt|crc32|pshufb|pmulld|pcmpistr|ptest|pblend|round[sp][sd]|(andn|mulx|shlx|shrx|sarx)[lq]?$)"
)

WIDE, TILES = ("lilliput::avx512::", "lilliput::amx::"), ("lilliput::amx::",)
ANY_VECTOR = ("lilliput::avx2::", *WIDE)


def instructions() -> Iterator[tuple[str, str, str]]:
    """Every instruction of the module: its function, its name, its operands."""
    command = ["objdump", "-d", "--demangle", "--no-show-raw-insn", "-M", "att", _core.__file__]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    function = ""
    for line in text.splitlines():
        if match := FUNCTION.match(line):
            function = match[1]
        elif line.startswith(" "):
            name, _, operands = line.partition("\t")[2].strip().partition(" ")
            yield function, name, operands


@pytest.fixture(scope="module")
def code() -> list[tuple[str, str, str]]:
    """The module's instructions; a module without names of its functions cannot be judged."""
    found = list(instructions())
    if not any("lilliput::avx2::" in function for function, _, _ in found):
        pytest.skip("the module is stripped, so its functions have no names")
    return found


def homes(name: str, operands: str) -> tuple[str, ...] | None:
    """The namespaces that may hold an instruction; None: any."""
    if TILE.match(name) or "%tmm" in operands:
        return TILES
    if "%zmm" in operands or re.search(r"%k[0-7]", operands):
        return WIDE
    if "%ymm" in operands or VECTOR.match(name):
        return ANY_VECTOR
    return None


def test_wide_instructions_stay_in_their_own_functions(code: list[tuple[str, str, str]]) -> None:
    """Vector code beyond SSE2 lies in functions whose name holds its instruction set, and nowhere else."""
    expected: Counter[str] = Counter()

    actual: Counter[str] = Counter()
    for function, name, operands in code:
        allowed = homes(name, operands)
        if allowed is not None and not any(space in function for space in allowed):
            actual[f"{name} in {function}"] += 1

    assert expected == actual


def test_later_scalar_instructions_stay_there_too(code: list[tuple[str, str, str]]) -> None:
    """What came after SSE2 appears only in wide functions, and CRC32 in its own."""
    expected: Counter[str] = Counter()

    actual: Counter[str] = Counter()
    for function, name, _ in code:
        own = name.startswith("crc32") and "sse42" in function
        if LATER.match(name) and not own and not any(space in function for space in ANY_VECTOR):
            actual[f"{name} in {function}"] += 1

    assert expected == actual


def test_the_module_has_wide_functions(code: list[tuple[str, str, str]]) -> None:
    """The other tests look at something: every instruction set is there, and uses what it is named after."""
    expected = {"%ymm", "%zmm", "%tmm"}

    actual = {register for _, _, operands in code for register in expected if register in operands}

    assert expected == actual
