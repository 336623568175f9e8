"""Checks a document against a JSON Schema: the few keywords the files in ../schema use.

An unknown keyword is an error, so a schema cannot ask for something that is not looked at.
"""

import json
import re

ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description"}
TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "null": lambda v: v is None,
}


class Schemas:
    def __init__(self, folder):
        self.documents = {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}

    def errors(self, name, value):
        """What is wrong with `value` under the schema file `name`, as a list of texts."""
        return list(self._check(self.documents[name], value, name, "$"))

    def _resolve(self, reference, name):
        file, _, pointer = reference.partition("#")
        name = file or name
        schema = self.documents[name]
        for step in pointer.strip("/").split("/"):
            schema = schema[step]
        return schema, name

    def _check(self, schema, value, name, at):
        if isinstance(schema, bool):
            if not schema:
                yield at + ": not allowed here"
            return
        for keyword, wanted in schema.items():
            if keyword in ANNOTATIONS or keyword in ("items", "properties", "additionalProperties"):
                continue
            yield from getattr(self, "_" + keyword.lstrip("$"))(wanted, value, name, at)
        if isinstance(value, dict):
            properties = schema.get("properties", {})
            for field, member in value.items():
                inner = properties.get(field, schema.get("additionalProperties", True))
                if inner is False:
                    yield "%s: unknown or misplaced field %s" % (at, field)
                else:
                    yield from self._check(inner, member, name, at + "." + field)
        if isinstance(value, list) and "items" in schema:
            for index, item in enumerate(value):
                yield from self._check(schema["items"], item, name, "%s[%d]" % (at, index))

    def _ref(self, wanted, value, name, at):
        schema, name = self._resolve(wanted, name)
        yield from self._check(schema, value, name, at)

    def _type(self, wanted, value, name, at):
        if not any(TYPES[one](value) for one in ([wanted] if isinstance(wanted, str) else wanted)):
            yield "%s: not of type %s" % (at, wanted)

    def _const(self, wanted, value, name, at):
        if value != wanted:
            yield "%s: must be %r" % (at, wanted)

    def _enum(self, wanted, value, name, at):
        if value not in wanted:
            yield "%s: must be one of %r" % (at, wanted)

    def _pattern(self, wanted, value, name, at):
        if isinstance(value, str) and not re.search(wanted, value):
            yield "%s: does not match %s" % (at, wanted)

    def _required(self, wanted, value, name, at):
        if isinstance(value, dict):
            yield from ("%s: %s is missing" % (at, field) for field in wanted if field not in value)

    def _oneOf(self, wanted, value, name, at):
        found = [list(self._check(one, value, name, at)) for one in wanted]
        if sum(not errors for errors in found) != 1:
            tried = "; ".join("%s: %s" % (one["title"], errors[0]) for one, errors in zip(wanted, found) if errors)
            yield "%s: must be exactly one of the variants (%s)" % (at, tried)

    def _minLength(self, wanted, value, name, at):
        if isinstance(value, str) and len(value) < wanted:
            yield at + ": too short"

    def _minimum(self, wanted, value, name, at):
        if isinstance(value, int) and value < wanted:
            yield "%s: less than %d" % (at, wanted)

    def _minItems(self, wanted, value, name, at):
        if isinstance(value, list) and len(value) < wanted:
            yield "%s: fewer than %d" % (at, wanted)

    def _maxItems(self, wanted, value, name, at):
        if isinstance(value, list) and len(value) > wanted:
            yield "%s: more than %d" % (at, wanted)

    def _uniqueItems(self, wanted, value, name, at):
        if wanted and isinstance(value, list) and len({json.dumps(item) for item in value}) != len(value):
            yield at + ": an item occurs twice"
