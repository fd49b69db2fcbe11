"""What the Python client offers: its methods as its source declares them, since nothing here installs it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from docs.from_code.markdown import code, table

SOURCE = Path(__file__).resolve().parents[2] / "clients" / "python" / "src" / "livetrain"
BASE = "DescribedRun"


def client_methods(name: str) -> str:
    """Write the table of a class's public methods and properties, those of its base included."""
    found = list(_public(_class(f"{name.lower()}.py", name)))
    if name == "Client":
        found = [*found, *_public(_class("model_use.py", "ModelUse"))]
    if name == "Run":
        found = [*_public(_class("described_run.py", BASE)), *found]
    return table(("name", "what it does"), [(code(_called(one)), _first_line(one)) for one in found])


def _class(file: str, name: str) -> ast.ClassDef:
    nodes = ast.parse((SOURCE / file).read_text("utf-8")).body
    return next(node for node in nodes if isinstance(node, ast.ClassDef) and node.name == name)


def _public(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    return (one for one in node.body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"))


def _called(function: ast.FunctionDef) -> str:
    if any(isinstance(mark, ast.Name) and mark.id == "property" for mark in function.decorator_list):
        return function.name
    arguments = ast.unparse(function.args).removeprefix("self").removeprefix(", ")
    return f"{function.name}({_without_types(arguments, function)})"


def _without_types(arguments: str, function: ast.FunctionDef) -> str:
    declared = function.args
    every = [*declared.args, *declared.kwonlyargs, declared.vararg, declared.kwarg]
    for one in every:
        if one is not None and one.annotation is not None:
            kind = ast.unparse(one.annotation)
            arguments = arguments.replace(f"{one.arg}: {kind}=", f"{one.arg}=").replace(f"{one.arg}: {kind}", one.arg)
    return arguments


def _first_line(function: ast.FunctionDef) -> str:
    return (ast.get_docstring(function) or "").splitlines()[0]
