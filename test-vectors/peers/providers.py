"""Puts the request sequences to the providers beside this file and writes ../PROVIDERS.md.

    python3 peers/providers.py [oauth1-conformance] > PROVIDERS.md

Needs the libraries named in the providers; the argument is the command, if it is not on the path.
Each provider is run with a plain callback and, for the cases on callbacks, with one that has
escapes in its query.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROVIDERS = {"oauthlib 4.0.1": "provider-oauthlib", "Authlib 1.9.9": "provider-authlib"}
PLAIN, ESCAPES = "http://client.example/ready?state=1", "http://client.example/ready?state=a%20b&next=%2Fhome"
ON_ESCAPES = ["flow-plain/callback", "flow-callback/own-query", "flow-transmission/body", "flow-transmission/query"]
SECOND_CALLBACK = "http://second.example/cb"
KEYS = {
    "OAUTH1_CONSUMER_KEY": "firstclientkey1234567",
    "OAUTH1_CONSUMER_SECRET": "secret-of-the-first",
    "OAUTH1_SECOND_CONSUMER_KEY": "secondclientkey123456",
    "OAUTH1_SECOND_CONSUMER_SECRET": "secret-of-the-second",
}
TEXT = """# Providers put to the test

What `oauth1-conformance provider` finds in servers that others wrote. Each is a small program around the library, in `peers/`, which uses it as its documentation shows; the findings are about the library, or about what its documentation leads to. Every finding was followed into the library's source; the causes are below. Made by one command, in the folder of this file:

```
python3 -m venv venv && venv/bin/pip install 'oauthlib==4.0.1' 'authlib==1.9.9' 'flask==3.1.3'
venv/bin/python peers/providers.py oauth1-conformance > PROVIDERS.md
```

A row is an expectation of level `must` or `should` that does not hold in at least one of them. What a provider may do is not listed. "Escapes" is a callback with escapes in its query, `http://client.example/ready?state=a%20b&next=%2Fhome`. The storage of both answers after 50 ms, as a database does; where many requests at once are answered by storage in the same process, the races are there as well, and a matter of luck.
"""
CAUSES = """## Causes

**oauthlib 4.0.1**

* `flow-temporary/sixteen-at-once`: `create_access_token_response` asks the validator whether the temporary credentials are good, has the token saved, and then calls `invalidate_request_token`. Nothing holds a second request back meanwhile. A validator can only help itself by refusing inside one of its methods.
* `flow-token/at-initiate`: `RequestTokenEndpoint` does not refuse an `oauth_token`; it verifies with the secret of that access token.
* `…/twice`, `…-twice`: `parse_authorization_header` makes a dictionary of the header, so that the check for duplicates sees none; the signature then does not match, and the answer is 401 instead of 400.
* `flow-callback/own-query`, escapes: `add_params_to_uri` parses the query of the callback and writes it anew: `%20` comes out as `+`.
* `flow-transmission/…`, escapes: `collect_parameters` decodes form and query, and then decodes the `oauth_` values once more. A callback with escapes cannot be sent there.

**Authlib 1.9.9**

* `flow-plain/…`: `create_temporary_credentials_response` answers `oauth_callback_confirmed=True`, with a capital letter.
* `flow-temporary/sixteen-at-once`: the token is made first, `delete_temporary_credential` is called after it.
* `flow-temporary/of-another-client…`: `validate_token_request` looks the temporary credentials up by `oauth_token` alone and never compares their client with the one that signed.
* `flow-replay/sixteen-copies`: `create_exists_nonce_func` asks the cache with `has` and writes with `set`, as two calls.
* `flow-parameters/version`: `oauth_version` is not looked at.
* `flow-callback/other-…`: a callback must have the form of a URL; there is no hook that compares it with the registered ones.
* `flow-verifier/strangers-do-no-harm`, `flow-replay/refused-token`: `create_token_response` deletes the temporary credentials after any error, a wrong signature among them. Whoever saw `oauth_token` in the address of the authorize page can end the flow.
* `flow-temporary/approved-after-denial`: `create_authorization_response` without `grant_user` redirects and keeps the temporary credentials.
* `flow-timestamp/sign`: `int()` reads `+1700000000`.
* `…/twice`, `…-twice`: the header becomes a dictionary, as in oauthlib; the last value counts.
* escapes: `construct_base_string` decodes `oauth_` values that were decoded already, so a callback with escapes is refused wherever it is sent."""


def run(command, folder, callback, only):
    """What came, by case, step, clause, level and expectation; "held" if it is what was expected."""
    clients = "\n".join("%s:%s:%s" % parts for parts in (
        (KEYS["OAUTH1_CONSUMER_KEY"], KEYS["OAUTH1_CONSUMER_SECRET"], callback),
        (KEYS["OAUTH1_SECOND_CONSUMER_KEY"], KEYS["OAUTH1_SECOND_CONSUMER_SECRET"], SECOND_CALLBACK),
    ))
    program = [sys.executable, str(HERE / folder / "provider.py")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env={**os.environ, "CLIENTS": clients}) as provider:
        try:
            decide = "'%s' '%s' " % (sys.executable, HERE / "decide.py")
            arguments = [command, "provider", "--json", "--base", provider.stdout.readline().strip()]
            arguments += ["--callback", callback, "--second-callback", SECOND_CALLBACK]
            arguments += ["--approve", decide + "allow", "--deny", decide + "deny"]
            arguments += [part for one in only for part in ("--only", one)]
            output = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, env={**os.environ, **KEYS})
        finally:
            provider.kill()
    if output.returncode not in (0, 1):
        sys.exit("%s ended with %d" % (" ".join(arguments), output.returncode))
    found = {}
    for case in json.loads(output.stdout)["cases"]:
        if case["verdict"] == "not_run":
            sys.exit("%s was not run: %s" % (case["id"], case["reason"]))
        for one in case["findings"]:
            if one["level"] != "may":
                key = case["id"], one["step"], one["clause"], one["level"], one["expected"]
                found[key] = "held" if one["held"] else short(one["came"])
    return found


def short(came):
    """Without what is another one in each run."""
    came = re.sub(r"^[0-9]+ of ([0-9]+) granted.*", r"several of \1 granted", came)
    came = re.sub(r"[?&]oauth_(token|verifier)=.*", "…", came)
    return re.sub(r"^((?:granted|refused): status [0-9]+),.*?(oauth_callback_confirmed=\w+)?$", lambda m: m[1] + (", " + m[2] if m[2] else ""), came)


def main(command):
    rows = {}
    for name, folder in PROVIDERS.items():
        for callback, only in ((PLAIN, []), (ESCAPES, ON_ESCAPES)):
            for key, came in run(command, folder, callback, only).items():
                rows.setdefault((callback == ESCAPES,) + key, {})[name] = came
    print(TEXT)
    print("| case and step | clause | level | expected | %s |" % " | ".join(PROVIDERS))
    print("|---|---|---|---|%s" % ("---|" * len(PROVIDERS)))
    for (escapes, case, step, clause, level, expected), came in sorted(rows.items(), key=lambda row: (row[0][0], row[0][4])):
        cells = [came.get(name, "not reached") for name in PROVIDERS]
        lost = [cell for cell in cells if cell not in ("held", "not reached")]
        if lost:
            cells = [cell + (" (escapes)" if escapes and cell in lost else "") for cell in cells]
            print("| `%s` %d | %s | %s | %s | %s |" % (case, step, clause, level, expected, " | ".join(cells)))
    print("\n" + CAUSES)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "oauth1-conformance")
