"""YAML as plain data, and on which line each key stands. JSON is read the same way.

Only the parser's events are used: nothing is ever constructed from a tag. Plain words mean what
YAML 1.2 says: `yes`, `12:30` and `2026-03-01` are texts. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import yaml

#: Deeper than any task, and shallow enough for every recursion here.
_DEEPEST: Final = 50
#: So many values at most, those that aliases repeat counted each time.
_MOST: Final = 50_000
_TAG: Final = "tag:yaml.org,2002:"
_PLAIN_TAGS: Final = {"str", "map", "seq"}
_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,300}", re.ASCII)
_FLOAT: Final = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan",
    re.ASCII | re.IGNORECASE,
)
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """A text is not YAML, or holds what plain data can not be."""

    def __init__(self, line: int, problem: str, hint: str = "") -> None:
        self.line = line
        self.hint = hint
        super().__init__(problem)


class YamlText(NamedTuple):
    """A text that was read."""

    value: Any
    #: The keys that lead to a value, an item of an array by its number -> its line, from 1.
    lines: Mapping[tuple[str, ...], int]


def parse_yaml(text: str) -> YamlText:
    """Return the one document in *text* as tables, arrays, texts, numbers, booleans and None.

    Raises:
        YamlError: It is not YAML, repeats a key, has a tag, or grows or nests beyond measure.
    """
    try:
        node = _Builder(text).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = str(getattr(error, "problem", None) or getattr(error, "reason", error))
        line = min(mark.line if mark else 0, text.rstrip().count("\n")) + 1
        raise YamlError(line, f"not valid YAML: {problem}") from None
    lines: dict[tuple[str, ...], int] = {}
    return YamlText(_plain(node, (), lines), lines)


@dataclass(frozen=True, slots=True)
class _Node:
    """A value, the line it starts on, and how many values it is made of."""

    value: Any
    line: int
    size: int = 1


class _Builder:
    """Makes nodes of a parser's events, as they come."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self._anchors: dict[str, _Node] = {}
        self._size = 0

    def document(self) -> _Node:
        """Return the one document there is."""
        next(self._events)  # the stream begins
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return _Node(None, 1)
        node = self._node(next(self._events), 0)
        next(self._events)  # the document ends
        more = next(self._events)
        if not isinstance(more, yaml.StreamEndEvent):
            raise YamlError(_line(more), "a second document begins", "write one per file")
        return node

    def _node(self, event: Any, depth: int) -> _Node:
        if depth > _DEEPEST:
            raise YamlError(_line(event), f"nested more than {_DEEPEST} deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        _check_tag(event)
        if isinstance(event, yaml.ScalarEvent):
            node = _Node(_scalar(event), _line(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._array(event, depth)
        else:
            node = self._table(event, depth)
        self._count(1, event)
        if event.anchor:
            # Known only when it is complete: nothing can hold itself.
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> _Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise YamlError(_line(event), f"nothing complete is called &{event.anchor} before this")
        self._count(node.size, event)
        return node

    def _count(self, size: int, event: Any) -> None:
        self._size += size
        if self._size > _MOST:
            raise YamlError(
                _line(event),
                f"more than {_MOST} values, with what aliases repeat",
                "use several files",
            )

    def _array(self, start: Any, depth: int) -> _Node:
        items: list[_Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return _Node(items, _line(start), 1 + sum(item.size for item in items))

    def _table(self, start: Any, depth: int) -> _Node:
        own: dict[str, _Node] = {}
        merged: dict[str, _Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            name = self._key(event)
            value = self._node(next(self._events), depth + 1)
            if name == "<<" and event.implicit[0]:
                merged = {**_merged(value), **merged}
            elif name in own:
                raise YamlError(_line(event), f"{name!r} is there twice", "take one of them out")
            else:
                # A key stands where its name does, its value perhaps a line below.
                own[name] = _Node(value.value, _line(event), value.size)
        table = merged | own
        return _Node(table, _line(start), 1 + sum(item.size for item in table.values()))

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise YamlError(_line(event), "a key must be a text")
        _check_tag(event)
        return str(event.value)


def _merged(node: _Node) -> dict[str, _Node]:
    """Return what `<<` brings: of several tables, the first that has a key counts."""
    tables = node.value if isinstance(node.value, list) else [node]
    found: dict[str, _Node] = {}
    for each in tables:
        if not isinstance(each.value, dict):
            raise YamlError(node.line, "<< must name a table")
        found = each.value | found
    return found


def _check_tag(event: Any) -> None:
    tag = event.tag
    if tag not in (None, "!") and tag.removeprefix(_TAG) not in _PLAIN_TAGS:
        shown = tag.replace(_TAG, "!!")
        raise YamlError(
            _line(event), f"the tag {shown} has no meaning here", "task files hold plain data only"
        )


def _scalar(event: Any) -> object:
    text: str = event.value
    if event.tag is not None or not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _plain(node: _Node, keys: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> Any:
    lines[keys] = node.line
    if isinstance(node.value, dict):
        return {name: _plain(each, (*keys, name), lines) for name, each in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(each, (*keys, str(n)), lines) for n, each in enumerate(node.value)]
    return node.value


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
