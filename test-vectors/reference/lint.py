"""Checks the form of the vector files and request sequences: schema, ids, counts, flags, sources,
names between steps, canonical writing.

    python3 reference/lint.py            prints what is wrong, exit 1 if anything is
    python3 reference/lint.py --fix      first rewrites counts, field order and layout
    python3 reference/lint.py FOLDER     looks at FOLDER/vectors, FOLDER/sequences, FOLDER/schema
                                         and FOLDER/README.md

Python's standard library is all it needs. What the values are is check.py's business.
"""

import json
import pathlib
import re
import sys

import canonical
import schema
import sequence

HERE = pathlib.Path(__file__).resolve().parent.parent
GROUPS = re.compile(r"^\| `((?:pain|pitfall)-[a-z0-9-]+)` \|", re.MULTILINE)


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError("the field %s occurs twice in one object" % name)
    return dict(pairs)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=no_duplicates)


def file_errors(path, text, document, schemas):
    name = path.name
    if name not in schemas.documents:
        yield "no schema/%s" % name
        return
    wrong = schemas.errors(name, document)
    yield from wrong
    if not wrong:
        yield from ("%s: %s" % (case["id"], error) for case in document["cases"] for error in sequence.errors(case))
    if document.get("kind") != path.stem:
        yield "the kind in the file is not the name of the file"
    cases = document.get("cases", [])
    if document.get("number_of_cases") != len(cases):
        yield "number_of_cases is %s, there are %d" % (document.get("number_of_cases"), len(cases))
    used = {flag for case in cases for flag in case.get("flags", [])}
    yield from ("flag %s has no note" % flag for flag in sorted(used - set(document.get("notes", {}))))
    yield from ("note for %s, but no case has that flag" % flag for flag in sorted(set(document.get("notes", {})) - used))
    named = {case.get("source") for case in cases}
    yield from ("source %s is not described" % one for one in sorted(named - set(document.get("sources", {})), key=str))
    yield from ("source %s is described, but no case names it" % one for one in sorted(set(document.get("sources", {})) - named))
    for case in cases:
        for suffix in ("", "_signature"):
            wrong = case.get("published" + suffix)
            if wrong is not None and wrong == case.get("expected" + suffix):
                yield "%s: published and expected are the same" % case.get("id")
    if text != canonical.write(document):
        yield "not in canonical form; run lint.py --fix"


def group_errors(readme, ids):
    """Every pain point and pitfall in the table of the README has three cases, every group is in the table."""
    listed = set(GROUPS.findall(readme))
    counted = {}
    for one in ids:
        group = one.rpartition("/")[0]
        counted[group] = counted.get(group, 0) + 1
    for number in range(1, 26):
        if not any(group.startswith("pain-%02d-" % number) for group in listed):
            yield "README.md: no row for pain point %d" % number
    yield from ("%s has %d cases, three are asked for" % (g, counted.get(g, 0)) for g in sorted(listed) if counted.get(g, 0) < 3)
    grouped = {group for group in counted if group.startswith(("pain-", "pitfall-"))}
    yield from ("README.md: no row for %s" % group for group in sorted(grouped - listed))


def table_errors(readme, path, document):
    """The README prints how many cases each file has, and how many are invalid."""
    cases = document.get("cases", [])
    row = "| `%s` | %d | %d |" % (path.name, len(cases), sum(case.get("result") == "invalid" for case in cases))
    if path.parent.name == "sequences":
        row = sequence.row(path.name, cases)
    if row not in readme:
        yield "README.md: no row %s" % row


def main(arguments):
    fix = "--fix" in arguments
    folders = [argument for argument in arguments if argument != "--fix"]
    root = pathlib.Path(folders[0]) if folders else HERE
    schemas, found, seen = schema.Schemas(root / "schema"), [], {}
    readme = (root / "README.md").read_text(encoding="utf-8")
    paths = sorted((root / "vectors").glob("*.json")) + sorted((root / "sequences").glob("*.json"))
    found += ["schema/%s: no vectors/%s" % (n, n) for n in sorted(set(schemas.documents) - {p.name for p in paths} - {"common.json"})]
    for path in paths:
        try:
            document = load(path)
        except ValueError as error:
            found.append("%s: %s" % (path.name, error))
            continue
        if fix:
            document["number_of_cases"] = len(document["cases"])
            path.write_text(canonical.write(document), encoding="utf-8")
        text = path.read_text(encoding="utf-8")
        found += ["%s: %s" % (path.name, error) for error in file_errors(path, text, document, schemas)]
        found += table_errors(readme, path, document)
        for case in document.get("cases", []):
            if case.get("id") in seen:
                found.append("%s: the id %s is also in %s" % (path.name, case["id"], seen[case["id"]]))
            seen[case.get("id")] = path.name
    found += group_errors(readme, [one for one in seen if one])
    print("\n".join(found + ["%d files, %d cases, %d errors" % (len(paths), len(seen), len(found))]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
