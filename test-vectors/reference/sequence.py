"""What a schema cannot say about a request sequence: a step names what an earlier one brought."""

import re

PLACE = re.compile(r"\{([^{}]*)\}")
VARIANTS = "bare|scheme|host|port|path|query|fragment|userinfo|subdomain"
PLAIN = re.compile(r"(now([+-][0-9]+)?|callback(:(%s))?|second-callback)" % VARIANTS)
NAMED = re.compile(r"(verifier|wrong-verifier|token|wrong-token|nonce|timestamp):([a-z-]+)")


def errors(case):
    """What is wrong between the steps of a case; nothing for a case of another kind."""
    done = {}
    for at, step in enumerate(case.get("steps", []), 1):
        for error in step_errors(step, done):
            yield "step %d: %s" % (at, error)
        if "as" in step:
            if step["as"] in done:
                yield "step %d: another step is called %s" % (at, step["as"])
            done[step["as"]] = step
    second = any(step.get("client") == "second" for step in case.get("steps", []))
    if second != ("second-client" in case.get("needs", [])):
        yield "needs says second-client exactly if a step has one"


def granted(step):
    return any(one.get("outcome") == "granted" or one.get("granted", 0) > 0 for one in step["expect"])


def credentials(step):
    return step["endpoint"] in ("initiate", "token") and granted(step)


def verifier(step):
    return step.get("owner") == "approve" and granted(step)


def request(step):
    return "owner" not in step


def step_errors(step, done):
    asked = []
    if any("outcome" in one for one in step["expect"][1:]):
        yield "the outcome is expected first"
    if "repeat" in step:
        asked.append((step["repeat"], lambda found: request(found) and found["endpoint"] == step["endpoint"]))
    if "credentials" in step:
        asked.append((step["credentials"], credentials))
    for one in step["expect"]:
        if "different_from" in one:
            asked.append((one["different_from"], lambda found: True))
    for text in values(step):
        if "{" in PLACE.sub("", text) or "}" in PLACE.sub("", text):
            yield "a brace too many in %s" % text
        for place in PLACE.findall(text):
            named = NAMED.fullmatch(place)
            if named:
                kind = named.group(1).removeprefix("wrong-")
                asked.append((named.group(2), {"verifier": verifier, "token": credentials}.get(kind, request)))
            elif not PLAIN.fullmatch(place):
                yield "nothing is called {%s}" % place
    yield from ("no earlier step %s gives that" % name for name, fits in asked if name not in done or not fits(done[name]))


def values(step):
    for field in ("set", "add", "query"):
        yield from (value for _, value in step.get(field, []))
    for one in step["expect"]:
        yield from (one[field] for field in ("redirect", "no_redirect_to") if field in one)
        yield from one.get("redirect_parameter", [])[1:]


def row(name, cases):
    """The row of the README's table."""
    steps = [step for case in cases for step in case.get("steps", [])]
    levels = [one.get("level") for step in steps for one in step.get("expect", [])]
    counts = [len(cases), len(steps)] + [levels.count(level) for level in ("must", "should", "may")]
    return "| `%s` | %s |" % (name, " | ".join(map(str, counts)))
