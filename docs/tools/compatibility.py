"""Compatibility of two versions: pure, fed with two surfaces (see ``surface``).

A schema is looked at from one of two sides. What others give us, a newer version must still take:
nothing more is required, nothing is narrower. What we give others must still be what they expect:
nothing is missing, nothing has another type; more members and more values of an enum may come.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]
_LEAST = ("minimum", "minLength", "minItems", "exclusiveMinimum")
_MOST = ("maximum", "maxLength", "maxItems", "exclusiveMaximum")
_TAKEN = re.compile(r"\.request$|^manifest$|^case$|\.level$")
"""Schemas of what authors give; the others are of what they are given."""


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """One promise that is not kept."""

    name: str
    """Of what broke, as the changelog names it."""
    what: str

    def __str__(self) -> str:
        return f"{self.name}: {self.what}"


def breaks(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Break]:
    """Return every promise of ``before`` that ``now`` does not keep."""
    found = [
        *_api(before["openapi"], now["openapi"]),
        *_commands(before["cli"], now["cli"]),
        *_settings(before["settings"], now["settings"]),
        *_steps(before["migrations"], now["migrations"]),
    ]
    for name, kind in before["contracts"].items():
        other = now["contracts"].get(name)
        if other != kind:
            found.append(Break(name, f"its type was {kind} and is {other or 'gone'}"))
    for name, schema in before["schemas"].items():
        if name not in now["schemas"]:
            found.append(Break(name, "the schema is gone"))
            continue
        other = now["schemas"][name]
        sides = Sides(schema.get("$defs", {}), other.get("$defs", {}))
        check = sides.taken if _TAKEN.search(name) else sides.given
        found += [Break(name, what) for what in check(schema, other, "it")]
    return sorted(set(found))


@dataclass
class Sides:
    """Compares schemas whose references lead into two sets of parts."""

    before: Mapping[str, Any]
    now: Mapping[str, Any]
    _inside: set[tuple[str, str, bool]] = field(default_factory=set)
    """References that are being followed, so that a part may lead to itself."""

    def taken(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        """Return what others could give before and cannot now."""
        return iter(self._compare(old, new, at, given=False))

    def given(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        """Return what others could rely on before and cannot now."""
        return iter(self._compare(old, new, at, given=True))

    def _compare(self, old: Schema, new: Schema, at: str, *, given: bool) -> list[str]:
        names = (old.get("$ref", ""), new.get("$ref", ""), given)
        if names in self._inside:
            return []
        if names[0]:
            self._inside.add(names)
        try:
            return list(self._each(old, new, at, given=given))
        finally:
            self._inside.discard(names)

    def _each(self, old: Schema, new: Schema, at: str, *, given: bool) -> Iterator[str]:
        olds, news = _kinds(old, self.before), _kinds(new, self.now)
        # Each kind that must still fit has to fit one of the other side's.
        left, right = (news, olds) if given else (olds, news)
        for kind in left:
            pairs = [(other, kind) if given else (kind, other) for other in right]
            tried = [list(self._one(*pair, at, given=given)) for pair in pairs]
            if not any(problems == [] for problems in tried):
                yield from min(tried, key=len, default=[f"{at} is gone"])

    def _one(self, old: Schema, new: Schema, at: str, *, given: bool) -> Iterator[str]:
        if not _type_fits(old, new, given=given):
            yield f"{at} was {_named(old)} and is {_named(new)}"
            return
        if not given:
            yield from _narrower(old, new, at)
        yield from self._members(old, new, at, given=given)
        if "items" in old and isinstance(new.get("items"), Mapping):
            yield from self._compare(old["items"], new["items"], f"{at}[]", given=given)

    def _members(self, old: Schema, new: Schema, at: str, *, given: bool) -> Iterator[str]:
        olds, news = old.get("properties", {}), new.get("properties", {})
        was, is_ = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in olds.items():
            where = f"{at}.{name}"
            if name not in news:
                if given or new.get("additionalProperties") is False:
                    yield f"{where} is gone"
            elif given and name in was - is_:
                yield f"{where} may be missing"
            else:
                yield from self._compare(schema, news[name], where, given=given)
        if not given:
            yield from (f"{at} now requires {name}" for name in sorted(is_ - was))


def _kinds(schema: Schema, parts: Mapping[str, Any]) -> list[Schema]:
    """Return the alternatives that a schema consists of, references followed."""
    if "$ref" in schema:
        return _kinds(parts[schema["$ref"].rpartition("/")[2]], parts)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return [kind for part in schema[word] for kind in _kinds(part, parts)]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": kind} for kind in schema["type"]]
    return [schema]


def _type_fits(old: Schema, new: Schema, *, given: bool) -> bool:
    wider, narrower = (old, new) if given else (new, old)
    kinds = (_type(wider), _type(narrower))
    return kinds[0] in {None, kinds[1]} or kinds == ("number", "integer")


def _type(schema: Schema) -> Any:
    if "type" in schema:
        return schema["type"]
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    found = {kinds.get(type(value)) for value in values}
    return found.pop() if len(found) == 1 else None


def _named(schema: Schema) -> str:
    return str(_type(schema) or "anything")


def _narrower(old: Schema, new: Schema, at: str) -> Iterator[str]:
    if "enum" in new:
        lost = [value for value in old.get("enum", ["anything else"]) if value not in new["enum"]]
        yield from (f"{at} no longer takes {value}" for value in lost)
    for words, worse in ((_LEAST, max), (_MOST, min)):
        for word in words:
            bound, was = new.get(word), old.get(word)
            if bound is not None and bound != was and (was is None or worse(bound, was) == bound):
                yield f"{at} has another {word}: {was} and now {bound}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{at} has another pattern"
    if new.get("additionalProperties") is False and old.get("additionalProperties", True):
        yield f"{at} no longer takes other members"


def _api(before: Schema, now: Schema) -> Iterator[Break]:
    parts = [document["components"]["schemas"] for document in (before, now)]
    paths = {re.sub(r"{\w+}", "{}", path): methods for path, methods in now["paths"].items()}
    for path, methods in before["paths"].items():
        for method, old in methods.items():
            name = f"{method.upper()} {path}"
            new = paths.get(re.sub(r"{\w+}", "{}", path), {}).get(method)
            if new is None:
                yield Break(name, "the operation is gone")
                continue
            for what in _operation(old, new, Sides(*parts)):
                yield Break(name, what)


def _operation(old: Schema, new: Schema, sides: Sides) -> Iterator[str]:
    olds, news = _parameters(old), _parameters(new)
    for name, parameter in olds.items():
        if name not in news:
            yield f"the parameter {name} is gone"
        else:
            yield from sides.taken(parameter["schema"], news[name]["schema"], name)
    for name, parameter in news.items():
        if parameter.get("required") and not olds.get(name, {}).get("required"):
            yield f"it now requires the parameter {name}"
    yield from _body(old.get("requestBody", {}), new.get("requestBody", {}), sides)
    yield from _answers(old["responses"], new["responses"], sides)


def _body(was: Schema, is_: Schema, sides: Sides) -> Iterator[str]:
    if is_.get("required") and not was.get("required"):
        yield "it now requires a body"
    for kind, content in was.get("content", {}).items():
        if kind not in is_.get("content", {}):
            yield f"it no longer takes {kind}"
        else:
            other = is_["content"][kind]["schema"]
            yield from sides.taken(content["schema"], other, "the request")


def _answers(olds: Schema, news: Schema, sides: Sides) -> Iterator[str]:
    for status, answer in olds.items():
        for kind, content in answer.get("content", {}).items():
            other = news.get(status, {}).get("content", {}).get(kind)
            if other is None:
                yield f"it no longer answers {status} with {kind}"
            else:
                yield from sides.given(content["schema"], other["schema"], "the answer")


def _parameters(operation: Schema) -> dict[str, Schema]:
    """Return parameters by name; those of the path, which is compared itself, are left out."""
    found: Sequence[Schema] = operation.get("parameters", ())
    return {one["name"]: one for one in found if one["in"] != "path"}


def _commands(before: Schema, now: Schema) -> Iterator[Break]:
    for name, old in before.items():
        if name not in now:
            yield Break(name, "the command is gone")
            continue
        new = now[name]
        for what in (*_options(old["options"], new["options"]), *_arguments(old, new)):
            yield Break(name, what)


def _options(olds: Schema, news: Schema) -> Iterator[str]:
    for option, was in olds.items():
        is_ = news.get(option)
        if is_ is None:
            yield f"the option {option} is gone"
            continue
        if is_["flag"] != was["flag"]:
            yield f"{option} {'no longer takes' if is_['flag'] else 'now needs'} a value"
        if was["multiple"] and not is_["multiple"]:
            yield f"{option} can no longer be repeated"
        for choice in was.get("choices", ()):
            if choice not in is_.get("choices", [choice]):
                yield f"{option} no longer takes {choice}"
    for option, is_ in news.items():
        if is_["required"] and not olds.get(option, {}).get("required"):
            yield f"{option} is now required"


def _arguments(old: Schema, new: Schema) -> Iterator[str]:
    was, is_ = old["arguments"], new["arguments"]
    if sum(one["required"] for one in is_) > sum(one["required"] for one in was):
        yield "it needs more arguments"
    if _most(is_) < _most(was):
        yield "it takes fewer arguments"


def _most(arguments: Sequence[Schema]) -> float:
    return sum(float("inf") if one["most"] < 0 else one["most"] for one in arguments)


def _settings(before: Schema, now: Schema) -> Iterator[Break]:
    for key, schema in before.items():
        if key not in now:
            yield Break(key, "the key is gone")
            continue
        for what in Sides({}, {}).taken(schema, now[key], "its value"):
            yield Break(key, what)


def _steps(before: Schema, now: Schema) -> Iterator[Break]:
    for step, tables in before.items():
        if now.get(step) != tables:
            yield Break(step, "the step was changed; append another one")
