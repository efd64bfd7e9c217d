"""Compile the hot rooms with mypyc into .compiled/, from a copy; `vorzimmer.compiled` uses it while it fits.

A failure costs speed only: it is told in one line and is no error, except with --strict. VORZIMMER_COMPILED=0 skips it.

mypyc (2.x) forgets the keywords of a class statement and all but the names of its fields' types, which msgspec needs,
and compares two Structs with `is` unless it sees an `__eq__`. So in the copy each Struct inherits keywords and types
from a base that stays interpreted, and shows an `__eq__` that this base takes away when the class is made, so that
msgspec's acts. Nothing else differs, no line number either.
"""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

SWITCHED_OFF = os.environ.get("VORZIMMER_COMPILED") == "0"
os.environ["VORZIMMER_COMPILED"] = "0"  # this process asks for sources, whatever lies in .compiled

from vorzimmer import compiled  # noqa: E402 -- it looks at the switch

ROOT = Path(__file__).resolve().parent.parent
BASES = "vorzimmer_bases"
LEFT_OUT = (
    "directory/types.py",  # Section is the base of interpreted Structs
    "directory/keys.py",
    "directory/schema.py",  # cached_property
    "directory/walk.py",  # looks into types at run time
    "media/eager.py",  # drives coroutines by hand
    "media/embedded/clips.py",  # weak references
    "media/embedded/player.py",
    "media/embedded/worker.py",  # is started with -m
)
"""Of ``compiled.HOT``: what has to stay interpreted, though the compiled form depends on it. So has every module
with a class that has keywords (``frozen=True``) and is not a plain Struct: Sections, above all."""

BUILD = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from setuptools import setup
from distutils.ccompiler import CCompiler
from mypyc.build import mypycify

one = CCompiler.compile

def together(self, sources, *given, **named):  # all cores: most of the time goes to the C compiler
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [made for each in pool.map(lambda c: one(self, [c], *given, **named), sources) for made in each]

CCompiler.compile = together
modules = mypycify(
    ["--strict", "--follow-imports=silent", "--cache-dir=mypy_cache", *sys.argv[1:]],
    opt_level="1", debug_level="0", multi_file=True, group_name="vorzimmer",
)
setup(name="vorzimmer-compiled", packages=[], ext_modules=modules, script_args=["-q", "build_ext", "--inplace"])
"""

TRY = """
import importlib, sys
from pathlib import Path
from vorzimmer import compiled
compiled.FOLDER = Path({folder!r})
compiled.take()
for name in {names!r}:
    importlib.import_module(name)
"""

HEAD = """# Made by tools/compile.py: what mypyc would forget of class statements.
import msgspec


def _annotate(cls: type) -> None:
    cls.__annotations__.update(_TYPES.get(f"{cls.__module__}.{cls.__qualname__}", {}))
    for name in ("__eq__", "__hash__"):
        delattr(cls, name)


"""
EQUAL = "    def __eq__(self, other: object) -> bool: return self is other\n"


class Copy:
    """The rooms' sources as mypyc needs them, and the bases from which their Structs inherit."""

    def __init__(self) -> None:
        self._bases: dict[str, str] = {}
        self._types: dict[str, dict[str, str]] = {}

    def of(self, module: str, text: str) -> str:
        """A module's source. Raises ValueError where it imports msgspec in a way this does not know."""
        found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef) and _is_struct(node)]
        if not found:
            return text
        if "import msgspec\n" not in text:
            raise ValueError(f"{module} has a Struct without `import msgspec`")
        lines = text.splitlines(keepends=True)
        for node in found:
            place, base = node.bases[0].lineno - 1, self._base(module, node)
            lines[place] = lines[place].replace("msgspec.Struct", f"{BASES}.{base}", 1)
            self._compared(module, lines, node.end_lineno or 0)
        return "".join(lines).replace("import msgspec\n", f"import msgspec, {BASES}\n", 1)

    def _compared(self, module: str, lines: list[str], end: int) -> None:
        """Put EQUAL into the empty line after a class."""
        if end < len(lines) and lines[end].strip():
            raise ValueError(f"{module}:{end} is not followed by an empty line")
        lines[end : end + 1] = [EQUAL]

    def _base(self, module: str, node: ast.ClassDef) -> str:
        fields = [field for field in node.body if isinstance(field, ast.AnnAssign)]
        types = {ast.unparse(field.target): _written(field.annotation) for field in fields}
        self._types[f"{module}.{node.name}"] = types
        keywords = "".join(f", {each.arg}={ast.unparse(each.value)}" for each in node.keywords)
        return self._bases.setdefault(keywords, f"Base{len(self._bases)}")

    def written(self) -> str:
        """The module of the bases."""
        body = "    def __init_subclass__(cls) -> None:\n        _annotate(cls)\n"
        classes = [f"\n\nclass {name}(msgspec.Struct{keywords}):\n{body}" for keywords, name in self._bases.items()]
        return HEAD + f"_TYPES: dict[str, dict[str, str]] = {self._types!r}\n" + "".join(classes)


def _is_struct(node: ast.ClassDef) -> bool:
    return [ast.unparse(base) for base in node.bases] == ["msgspec.Struct"]


def _has_keywords(text: str) -> bool:
    classes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    return any(node.keywords and not _is_struct(node) for node in classes)


def _written(annotation: ast.expr) -> str:
    return str(annotation.value) if isinstance(annotation, ast.Constant) else ast.unparse(annotation)


def prepare(folder: Path) -> list[str]:
    """Write the copy into `folder`. Returns the paths to compile."""
    copy, names = Copy(), []
    shutil.copytree(compiled.PACKAGE, folder / "vorzimmer", ignore=shutil.ignore_patterns("__pycache__"))
    for source in compiled.sources():
        name = source.relative_to(compiled.PACKAGE.parent)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(copy.of(".".join(name.with_suffix("").parts), source.read_text()))
        if source.name != "__init__.py" and not _has_keywords(source.read_text()):
            names.append(name)
    (folder / "vorzimmer" / "__init__.py").write_text("")
    (folder / f"{BASES}.py").write_text(copy.written())
    return [str(name) for name in names if not any(name.match(f"vorzimmer/{each}") for each in LEFT_OUT)]


def build() -> None:
    """Compile into .compiled. Raises OSError or ValueError."""
    folder, made = compiled.FOLDER.with_name(".compiled.new"), compiled.fingerprint()
    shutil.rmtree(folder, ignore_errors=True)
    names = prepare(folder)
    environment = {**os.environ, "PYTHONPATH": "", "CFLAGS": "-g0"}
    done = subprocess.run(
        [sys.executable, "-c", BUILD, *names], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    (folder / "log").write_text(done.stdout + done.stderr)
    if done.returncode:
        raise ValueError("mypyc could not (.compiled.new/log)")
    _tried(folder)
    shutil.rmtree(folder / "build", ignore_errors=True)
    (folder / "stamp").write_text(made)
    (folder / "made_by").write_text(Path(__file__).read_text())
    shutil.rmtree(compiled.FOLDER, ignore_errors=True)
    folder.rename(compiled.FOLDER)


def _tried(folder: Path) -> None:
    """Import all that was made, since mypyc may compile what then cannot be imported. Raises ValueError."""
    found = sorted(path.relative_to(folder) for path in folder.glob(f"vorzimmer/**/*{compiled.SUFFIX}"))
    names = [str(path).removesuffix(compiled.SUFFIX).replace("/", ".") for path in found]
    script = TRY.format(folder=str(folder), names=names)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    if done.returncode:
        (folder / "log").write_text(done.stderr)
        raise ValueError("what mypyc made cannot be imported (.compiled.new/log)")


def main() -> int:
    """Build if needed; the last line says what runs from now on."""
    tool = compiled.FOLDER / "made_by"
    if compiled.fits() and tool.is_file() and tool.read_text() == Path(__file__).read_text():
        print("compiled form: up to date")
        return 0
    if shutil.which(os.environ.get("CC", "cc")) is None:
        return _without("no C compiler")
    try:
        build()
    except (OSError, ValueError) as error:
        return _without(str(error))
    print("compiled form: built")
    return 0


def _without(why: str) -> int:
    print(f"compiled form: not built, pure Python runs (slower, otherwise the same): {why}")
    return "--strict" in sys.argv


if __name__ == "__main__":
    if SWITCHED_OFF:
        sys.exit(_without("VORZIMMER_COMPILED=0"))
    sys.exit(main())
