"""Reads a Bicep file far enough for tests: what it declares, refers to, and writes. Evaluates nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import tree_sitter
import tree_sitter_bicep

LANGUAGE = tree_sitter.Language(tree_sitter_bicep.language())
DECLARATIONS = ("parameter", "variable", "resource", "module", "output")


@dataclass(frozen=True)
class Declaration:
    """`kind` is one of DECLARATIONS; `value` the expression, for a loop that of one round."""

    kind: str
    name: str
    of: str  # what a resource or module is made of: 'Microsoft.Web/sites@2024-04-01', 'network.bicep'
    value: tree_sitter.Node | None


class File:
    """One parsed file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = tree_sitter.Parser(LANGUAGE).parse(path.read_bytes()).root_node

    @property
    def faults(self) -> list[str]:
        """Where the grammar does not hold."""
        nodes = (n for n in walk(self.root) if n.is_error or n.is_missing)
        return [f"{self.path.name}:{n.start_point.row + 1}: {text(n)[:60]}" for n in nodes]

    @cached_property
    def declared(self) -> dict[str, dict[str, Declaration]]:
        """By kind and name."""
        found: dict[str, dict[str, Declaration]] = {kind: {} for kind in DECLARATIONS}
        for node in self.root.children:
            kind = node.type.removesuffix("_declaration")
            if kind in found:
                made = _declaration(kind, node)
                found[kind][made.name] = made
        return found

    @cached_property
    def referred(self) -> set[str]:
        """Every name that an expression uses: no key, no property, no function."""
        names = {text(n) for n in walk(self.root) if n.type == "identifier" and not _is_label(n)}
        return (
            names
            - {text(n) for n in walk(self.root) if n.type in ("loop_variable", "loop_enumerator")}
            - _loops(self.root)
        )

    def object_of(self, name: str) -> dict[str, tree_sitter.Node]:
        """The properties of a resource or module."""
        value = {**self.declared["resource"], **self.declared["module"]}[name].value
        assert value is not None
        return pairs(value)


def walk(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """The node and all below it."""
    yield node
    for child in node.children:
        yield from walk(child)


def text(node: tree_sitter.Node) -> str:
    """Its source; a string without its quotes."""
    source = (node.text or b"").decode()
    return source[1:-1] if node.type == "string" else source


def pairs(node: tree_sitter.Node) -> dict[str, tree_sitter.Node]:
    """The properties that an object writes."""
    properties = (child.named_children for child in node.named_children if child.type == "object_property")
    return {text(key): value for key, value in properties}


def at(node: tree_sitter.Node, *keys: str) -> tree_sitter.Node:
    """The value of a property of a property."""
    for key in keys:
        node = pairs(node)[key]
    return node


def strings(node: tree_sitter.Node) -> list[str]:
    """The elements of an array of strings."""
    return [text(child) for child in node.named_children if child.type == "string"]


def _declaration(kind: str, node: tree_sitter.Node) -> Declaration:
    name, *rest = (child for child in node.named_children if child.type not in ("comment", "decorators"))
    of = text(rest[0]) if kind in ("resource", "module") else ""
    value = rest[-1] if rest and rest[-1].type not in ("type", "comment") else None
    if value is not None and value.type == "for_statement":
        value = value.child_by_field_name("body")
    return Declaration(kind, text(name), of, value)


def _is_label(node: tree_sitter.Node) -> bool:
    """The name of a declaration, the key of a property, or a function."""
    parent = node.parent
    assert parent is not None
    if parent.type == "call_expression":
        return parent.child_by_field_name("function") == node
    if parent.type == "object_property" or parent.type.endswith("_declaration"):
        return parent.named_children[0] == node
    return False


def _loops(root: tree_sitter.Node) -> set[str]:
    loops = (n.child_by_field_name("initializer") for n in walk(root) if n.type == "for_statement")
    return {text(n) for n in loops if n is not None}
