"""Classes in files of the user's own, named `path/to/file.py:ClassName`: found, looked at, loaded.

Looking at one reads its text and runs nothing of it.
"""

import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

from stoma.exceptions import OwnCodeError
from stoma.text import did_you_mean

if TYPE_CHECKING:
    import ast

_NAME = re.compile(r"(?P<file>[^\x00]+\.py):(?P<name>[A-Za-z_][A-Za-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class OwnCode:
    """Where a user's own classes are taken from, and whether this process may run them.

    Only from the folders that the settings name: whoever may add a task may not thereby run any
    file of this machine.
    """

    folders: tuple[Path, ...] = ()
    runs: bool = True  #: False: they are looked at only, as a scheduler's own process does

    def find(self, name: str) -> Path:
        """Return the file that *name* (`file.py:ClassName`) is in.

        Raises:
            OwnCodeError: It is not written so, not there, or may be changed by anybody.
        """
        written = _NAME.fullmatch(name)
        if not written:
            raise OwnCodeError(name, "it names no class", hint="write it as file.py:ClassName")
        path = next(self._places(written["file"]), None)
        if path is None:
            looked = ", ".join(map(str, self.folders)) or "no folder"
            raise OwnCodeError(
                name,
                f"there is no such file in the folders that code is taken from ({looked})",
                hint="put the file there, or name its folder in scheduler.code_folders",
            )
        if path.stat().st_mode & stat.S_IWOTH:
            raise OwnCodeError(name, f"everybody may change {path}", hint=f"chmod o-w {path}")
        return path

    def look(self, name: str) -> None:
        """Check that the file of *name* can be read and has that class, without running it.

        Raises:
            OwnCodeError: It can not, or has not.
        """
        import ast  # few processes look at own code, and it costs as much as all else here

        path, wanted = self.find(name), name.rpartition(":")[2]
        try:
            names = set(_bound(ast.parse(path.read_bytes(), str(path))))
        except (OSError, SyntaxError, ValueError) as error:
            raise OwnCodeError(name, f"{path} can not be read: {error}") from None
        if wanted not in names:
            raise _no_class(name, path, names)

    def load(self, name: str) -> object:
        """Run the file of *name* and return what it calls so; each call runs it anew.

        Raises:
            OwnCodeError: It is not there, or fails.
        """
        path, wanted = self.find(name), name.rpartition(":")[2]
        # A name of its own: two files may be called alike, and neither hides a module.
        digest = hashlib.sha256(bytes(path)).hexdigest()[:12]
        name_inside = f"stoma_own_{digest}_{path.stem}"
        loader = _SourceLoader(name_inside, str(path))
        spec = spec_from_file_location(name_inside, path, loader=loader)
        if spec is None or spec.loader is None:  # pragma: no cover - a .py file has both
            raise OwnCodeError(name, f"{path} is no module")
        module = module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[spec.name]
            raise OwnCodeError(name, described(error, path)) from error
        if not hasattr(module, wanted):
            raise _no_class(name, path, set(vars(module)))
        return getattr(module, wanted)

    def _places(self, file: str) -> Iterator[Path]:
        """Yield where *file* is, without leaving the folders by `..`."""
        for folder in self.folders:
            place = Path(os.path.normpath(folder / Path(file).expanduser()))
            if place.is_relative_to(folder) and place.is_file():
                yield place


class _SourceLoader(SourceFileLoader):
    """Compiles the file as it is now.

    Bytecode that is kept counts as the file's while second and length are the same: an edit of one
    digit may leave both as they were. And a folder of the user's is no place for it.
    """

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the file."""
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def described(error: BaseException, path: Path) -> str:
    """Return what went wrong in a file of the user's own, and at which of its lines."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}: {error.msg}"
    lines, trace = [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    where = f"{path}, line {lines[-1]}: " if lines else f"{path}: "
    return f"{where}{type(error).__name__}: {error}"


def _no_class(name: str, path: Path, names: set[str]) -> OwnCodeError:
    wanted = name.rpartition(":")[2]
    return OwnCodeError(name, f"{path} has no class {wanted!r}", hint=did_you_mean(wanted, names))


def _bound(tree: "ast.Module") -> Iterator[str]:
    """Yield the names that a module gives to something: classes, imports, assignments."""
    import ast

    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
