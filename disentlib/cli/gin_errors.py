"""Errors in gin files, explained with their place and their remedy."""

import importlib
import importlib.util
import inspect
import re
import tokenize
from pathlib import Path
from typing import Any

from disentlib.cli.console import nearest

FIRST = "from __gin__ import dynamic_registration"
VALUES = (
    "a value is a number, a text in quotes, a list, a tuple, a dictionary, True, False, None, "
    "%KNOB or @reference; gin reads no other Python"
)
# Where names of gin files are: `architectures.conv_encoder` comes from disentlib.models.
PACKAGES = ("disentlib", "disentlib.models", "disentlib.data")
# Python's spelling of literals of other languages.
LITERALS = {"true": "True", "false": "False", "null": "None", "none": "None", "nan": "'nan'"}

_PLACE = re.compile(r'In (?:file "(?P<file>[^"]+)"|bindings string), line (?P<line>\d+)')
_IMPORT = re.compile(
    r"\s*(?:from\s+(?P<package>[\w.]+)\s+)?import\s+(?P<name>[\w.]+)(?:\s+as\s+(?P<alias>\w+))?"
)
_USE = re.compile(r"(?:^\s*|@)(?:[\w/]+/)?([A-Za-z_]\w*)\.", re.MULTILINE)
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|#.*")
_MACRO = re.compile(r"^\s*([A-Za-z_]\w*)\s*=", re.MULTILINE)
_READ = re.compile(r"%([A-Za-z_]\w*)")


def explain(error: Exception, path: str | None, text: str) -> str:
    """Return an error of gin's parser on one line: the place, the cause, the remedy.

    Args:
        error: what gin raised.
        path: the file that was parsed; None for a parameter of the command line.
        text: its content, or the parameter.
    """
    message = " ".join(str(error).split())
    if isinstance(error, UnicodeDecodeError):
        return f"{path}: expected a text in UTF-8, got other bytes ({error.reason})"
    place = _PLACE.search(message)
    number = int(place["line"]) if place else None
    if isinstance(error, SyntaxError):
        path, number = error.filename or path, error.lineno
    if isinstance(error, tokenize.TokenError):
        number = error.args[1][0]
    if place and place["file"]:
        path = place["file"]
    if path is not None and Path(path).is_file():  # an included file, too
        text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    lines = text.splitlines()
    line = lines[number - 1].strip() if path and number and number <= len(lines) else ""
    line = line if path else text.strip()
    where = f"{path}, line {number}" if path and number else path or f"--gin_param {text!r}"
    message = message[: place.start()].strip() if place else message
    cause = _cause(error, message, text, line)
    return f"{where}: {cause}" + (f" (in {line!r})" if line and path else "")


def undefined(config: str) -> str | None:
    """Return the first error in the knobs of a complete configuration, or None."""
    plain = _QUOTED.sub("", config)
    known = set(_MACRO.findall(plain))
    for name in _READ.findall(plain):
        if name not in known:
            return f"no file sets the knob {name!r} that %{name} reads{nearest(name, known)}"
    reads = {
        match[1]: set(_READ.findall(line))
        for line in plain.splitlines()
        if (match := _MACRO.match(line))
    }
    while free := [name for name, others in reads.items() if not others & reads.keys()]:
        for name in free:
            del reads[name]
    if reads:
        return f"the knobs {', '.join(sorted(reads))} are set by each other: give one a value"
    return None


def missing_lines(text: str) -> list[str]:
    """Return the import lines that a gin file needs and does not have, in order."""
    have = {
        match["alias"] or match["name"].partition(".")[0]
        for line in text.splitlines()
        if (match := _IMPORT.match(line)) and match["package"] != "__gin__"
    }
    used = dict.fromkeys(_USE.findall(_QUOTED.sub("", text)))
    lines = [] if FIRST in text else [FIRST]
    return lines + [line for name in used if name not in have and (line := import_of(name))]


def import_of(name: str) -> str | None:
    """Return the line that imports the module `name` of gin files; None if there is no such module.

    >>> import_of("architectures")
    'from disentlib.models import architectures'
    """
    for package in PACKAGES:
        if importlib.util.find_spec(f"{package}.{name}"):
            return f"from {package} import {name}"
    return f"import {name}" if importlib.util.find_spec(name) else None


def _cause(error: Exception, message: str, text: str, line: str) -> str:
    """Return the cause of an error in `line`, and its remedy."""
    if match := re.search(r"Configurable '(\S+)' doesn't have a parameter named '(\S+)'", message):
        owner, name = match.groups()
        known = nearest(name, _parameters(owner, text))
        return f"{owner} has no parameter {name!r}{known}"
    if match := re.search(r"Couldn't resolve selector ([\w.]+)", message):
        module, _, name = match[1].rpartition(".")
        return f"no {match[1]!r}{nearest(name, dir(_resolve(module, text)))}"
    if match := re.search(r"No configurable matching(?: reference)? '@?([\w.]+)", message):
        return _unknown(match[1].partition(".")[0], text)
    if match := re.match(r"'(\w+)' was not provided by an import statement", message):
        return _unknown(match[1], text)
    if "Dynamic registration should be enabled before" in message:
        return f"expected `{FIRST}` above every other import"
    if match := re.match(r"Unable to open file: (\S+)\.", message):
        return f"no gin file {match[1]!r}, neither here nor among the shipped ones"
    if isinstance(error, tokenize.TokenError):
        return "the file ends within a bracket or a text: one is opened and not closed"
    if isinstance(error, ModuleNotFoundError):
        return _no_module(message, line)
    if str(getattr(error, "filename", "")).endswith(".py"):
        return f"{getattr(error, 'msg', message)} in a module that a gin file imports"
    if _IMPORT.match(line) and not isinstance(error, SyntaxError):
        return f"the import failed with {type(error).__name__}: {message}"
    if line.endswith("import *"):
        return "expected the name of a module, not *"
    if isinstance(error, (SyntaxError, ValueError)):
        name, equals, value = line.partition("=")
        value, name = value.strip(), name.strip()
        if not equals or not re.fullmatch(r"[\w./]+", name):
            return "expected NAME = VALUE, where NAME is UPPER_CASE or module.name.parameter"
        if value.lower() in LITERALS:
            return f"expected a value, did you mean {LITERALS[value.lower()]}? {VALUES}"
        if re.fullmatch(r"[A-Za-z_]\w*(\.\w+)+(\(\))?", value):
            return f"expected a value, did you mean @{value}? {VALUES}"
        return f"expected a value, got {value or 'nothing'}: {VALUES}"
    return f"{type(error).__name__}: {message}"


def _unknown(name: str, text: str) -> str:
    """Return the remedy for a name that is used without its import, or above it."""
    own = [line.strip() for line in text.splitlines() if _IMPORT.match(line)]
    below = [line for line in own if re.search(rf"\b{name}$", line)]
    if below and FIRST in text:
        return f"{name!r} is used above its import: move `{below[0]}` up"
    if lines := missing_lines(text):
        shown = ", ".join(f"`{line}`" for line in lines)
        count = f"the {len(lines)} lines" if len(lines) > 1 else "the line"
        return f"{name!r} is not imported: add {count} {shown} at the top"
    owners = [f"{part}.{name}" for part in ("models", "data") if name in dir(_resolve(part, ""))]
    if owners:
        return f"{name!r} is not imported, did you mean {owners[0]!r}?"
    return f"{name!r} is not imported, and no module of that name is on the Python path"


def _no_module(message: str, line: str) -> str:
    """Return the remedy for an import of a class, or of a module that is not there."""
    match = _IMPORT.match(line)
    package, name = (match["package"], match["name"]) if match else (None, "")
    missing = message.partition("'")[2].rstrip("'")
    if package and missing == f"{package}.{name}":
        parent = importlib.import_module(package)
        if hasattr(parent, name):
            above, _, last = package.rpartition(".")
            say = f"from {above} import {last}" if above else f"import {last}"
            return f"gin imports modules: write `{say}`, then {last}.{name}"
        return f"no module {name!r} in {package}{nearest(name, dir(parent))}"
    return (
        f"no module {missing!r} on the Python path: start in the folder that holds it, or name "
        "that folder in PYTHONPATH"
    )


def _resolve(name: str, text: str) -> Any:
    """Return the object of a dotted name in a gin file, by the file's imports, or None."""
    top, *rest = name.split(".")
    for line in [*text.splitlines(), import_of(top) or ""]:
        match = _IMPORT.match(line)
        if match and top == (match["alias"] or match["name"].partition(".")[0]):
            module = ".".join(filter(None, (match["package"], match["name"])))
            try:
                target: Any = importlib.import_module(
                    module if match["alias"] or match["package"] else top
                )
                for part in rest:
                    target = getattr(target, part)
            except (ImportError, AttributeError):
                continue
            return target
    return None


def _parameters(name: str, text: str) -> list[str]:
    target = _resolve(name, text)
    return list(inspect.signature(target).parameters) if callable(target) else []
