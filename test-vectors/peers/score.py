"""Scores other OAuth 1 implementations with the vectors and writes ../PEERS.md.

    python3 test-vectors/peers/score.py [--only NAME]… [--tools DIR] [--conformance PROGRAM]

Installs what is missing: with pip, npm, cargo, go and cc in DIR (target/peers if not said), Debian
packages with apt-get if run by root. NAME is a folder beside this file; with --only, the text is
printed and PEERS.md stays as it is. PROGRAM is the conformance runner, if not the one that cargo
builds. Exit code 0: all ran; 1: one could not be installed or run.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RUNNER = f"cargo run --quiet --release --manifest-path {shlex.quote(str(ROOT / 'Cargo.toml'))} -p oauth1-test-vectors --"
LONGEST = 500  # characters of a value in the list of what is not explained
TEXT = """# Other implementations

Made by `python3 test-vectors/peers/score.py`, which installs each implementation, puts it behind the line protocol with the adapter in `peers/`, and runs all vectors.

The adapters are thin: they call the functions that users of the library call, and mend nothing. Passed and failed are numbers of cases. What a library has no function for, or cannot be made to send, is not implemented, so the numbers of two libraries compare only where both do the same kinds. A mistake explains a wrong base string or signature: whoever makes it, and does all else right, gets what came. Each such failure counts once, with the likeliest explanation; two mistakes joined by "and" were made together. Their names are those of `oauth1_core::diagnose::mistakes`.

| implementation | version | passed | failed | not implemented | mistakes behind wrong signatures |
|---|---|---|---|---|---|
"""


class Unavailable(Exception):
    """The implementation could not be installed or run; the message names the step."""


def run(step, command, aloud=True, **options):
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    except OSError as error:
        raise Unavailable(f"{step}: {error.strerror}") from error
    if done.returncode:
        print(done.stdout + done.stderr if aloud else "", end="", file=sys.stderr)
        raise Unavailable(f"{step} failed")
    return done.stdout.strip()


def debian(*packages):
    """Sees to the packages and returns the version of the first."""
    query = ["dpkg-query", "-W", "-f=${Status}|${Version}\\n"]

    def version(package):
        try:
            status, _, found = run("dpkg-query", [*query, package], aloud=False).partition("|")
        except Unavailable:
            return None
        return found if status == "install ok installed" else None

    missing = [package for package in packages if not version(package)]
    if missing:
        if os.geteuid() != 0:
            raise Unavailable("needs the Debian packages " + ", ".join(missing))
        quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run("apt-get update", ["apt-get", "update"])
        run("apt-get install", ["apt-get", "install", "-y", "--no-install-recommends", *missing], env=quietly)
    return f"{version(packages[0])} (Debian)"


def python(requirement, package):
    def install(tools):
        venv = tools / "venv"
        if not (venv / "bin/python").exists():
            run("python3 -m venv", [sys.executable, "-m", "venv", venv])
        interpreter = venv / "bin/python"
        run("pip install", [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement])
        return run("pip", [interpreter, "-c", f"import importlib.metadata as m; print(m.version({package!r}))"])

    return install, lambda tools, folder: [tools / "venv/bin/python", folder / "answer.py"]


def npm(package, version, prefix="node", adapter=None):
    """A prefix of its own keeps two versions of a package apart, and an adapter in another folder serves both."""

    def install(tools):
        manifest = tools / prefix / "node_modules" / package / "package.json"
        if not manifest.exists() or json.loads(manifest.read_text())["version"] != version:
            (tools / prefix).mkdir(exist_ok=True)
            run("npm install", ["npm", "install", "--prefix", tools / prefix, "--no-audit", "--no-fund", f"{package}@{version}"])
        return json.loads(manifest.read_text())["version"]

    def command(tools, folder):
        return ["node", "--no-deprecation", (HERE / adapter if adapter else folder) / "answer.js", tools / prefix]

    return install, command


def script(interpreter, name, *packages):
    return lambda tools: debian(*packages), lambda tools, folder: [interpreter, folder / name]


def java(jars, *packages):
    path = ":".join(f"/usr/share/java/{jar}.jar" for jar in jars)
    return lambda tools: debian(*packages, "default-jdk-headless"), lambda tools, folder: ["java", "-cp", path, folder / "Answer.java"]


def built(folder, build, *packages):
    """Debian packages, and a program made of the adapter."""

    def install(tools):
        version = debian(*packages)
        build(HERE / folder, tools / folder, tools)
        return version

    return install, lambda tools, _: [tools / folder]


def compile_go(folder, program, tools):
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(tools / "go-cache")}
    run("go build", ["go", "build", "-o", program, "."], cwd=folder, env=environment)


def compile_c(folder, program, _):
    run("cc", ["cc", "-O1", "-o", program, folder / "answer.c", "-loauth"])


def cargo(crate):
    def install(tools):
        manifest = ["--locked", "--manifest-path", HERE / crate / "Cargo.toml"]
        environment = {**os.environ, "CARGO_TARGET_DIR": str(tools / "cargo")}
        run("cargo build", ["cargo", "build", "--quiet", "--release", *manifest], env=environment)
        packages = json.loads(run("cargo metadata", ["cargo", "metadata", "--format-version", "1", *manifest]))["packages"]
        return next(package["version"] for package in packages if package["name"] == crate)

    return install, lambda tools, _: [tools / "cargo/release" / f"peer-{crate}"]


PEERS = {
    "oauthlib": ("oauthlib, Python", python("oauthlib[signedtoken]==4.0.1", "oauthlib")),
    "authlib": ("Authlib, Python", python("authlib==1.9.9", "authlib")),
    "oauth2": ("oauth2 (python-oauth2), Python", python("oauth2==1.9.0.post1", "oauth2")),
    "rauth": ("rauth, Python", python("rauth==0.7.3", "rauth")),
    "mastercard": ("mastercard-oauth1-signer, Python", python("mastercard-oauth1-signer==1.9.2", "mastercard-oauth1-signer")),
    "node-oauth-1.0a": ("oauth-1.0a, JavaScript", npm("oauth-1.0a", "2.2.6")),
    "node-oauth": ("oauth, JavaScript", npm("oauth", "0.10.2")),
    "mashape-oauth": ("mashape-oauth, JavaScript", npm("mashape-oauth", "0.1.71")),
    "ims-lti": ("ims-lti, JavaScript", npm("ims-lti", "3.0.2")),
    "oauth-signature": ("oauth-signature, JavaScript", npm("oauth-signature", "1.5.0")),
    "request": ("request, JavaScript", npm("request", "2.88.2", "node-request")),
    "request-early": ("request (with oauth-sign 0.3.0), JavaScript", npm("request", "2.34.0", "node-request-early", "request")),
    "ruby-oauth": ("oauth, Ruby", script("ruby", "answer.rb", "ruby-oauth", "ruby-rack", "ruby")),
    "simple-oauth": ("simple_oauth, Ruby", script("ruby", "answer.rb", "ruby-simple-oauth", "ruby")),
    "signet": ("signet, Ruby", script("ruby", "answer.rb", "ruby-signet", "ruby")),
    "httpclient": ("httpclient, Ruby", script("ruby", "answer.rb", "ruby-httpclient", "ruby")),
    "php-oauth": ("oauth, PHP", script("php", "answer.php", "php-oauth", "php-cli")),
    "net-oauth-perl": ("Net::OAuth, Perl", script("perl", "answer.pl", "libnet-oauth-perl", "libcrypt-openssl-rsa-perl")),
    "www-oauth": ("WWW::OAuth, Perl", script("perl", "answer.pl", "libwww-oauth-perl", "libcrypt-openssl-rsa-perl")),
    "httr": ("httr, R", script("Rscript", "answer.R", "r-cran-httr", "r-cran-jsonlite")),
    "signpost": ("signpost, Java", java(["signpost-core", "commons-codec", "gson"], "liboauth-signpost-java", "libgoogle-gson-java")),
    "gomodule": ("gomodule/oauth1, Go", built("gomodule", compile_go, "golang-github-gomodule-oauth1-dev", "golang-go")),
    "liboauth": ("liboauth, C", built("liboauth", compile_c, "liboauth-dev")),
    "oauth1-request": ("oauth1-request, Rust", cargo("oauth1-request")),
    "reqwest-oauth1": ("reqwest-oauth1, Rust", cargo("reqwest-oauth1")),
}


def report(runner, command):
    """What the runner says; it ends with 1 where a case failed."""
    arguments = [*shlex.split(runner), "run", "--impl", shlex.join(map(str, command)), "--json"]
    try:
        done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True)
    except OSError as error:
        raise Unavailable(f"the runner: {error.strerror}") from error
    if done.returncode not in (0, 1):
        raise Unavailable("the runner could not run it")
    return json.loads(done.stdout)


def counted(names):
    """Names with how often each, the most frequent first."""
    counts = sorted(collections.Counter(names).items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {count}" for name, count in counts)


def code(text):
    text = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{text}{fence}" if fence == "`" else f"{fence} {text} {fence}"


def row(title, version, found):
    explained = [" and ".join(f"`{name}`" for name in failure["mistakes"][0]) for failure in found["failures"] if failure.get("mistakes")]
    told = any("mistakes" in failure for failure in found["failures"])
    mistakes = counted(explained) or ("none" if told or not found["failures"] else "not named by this runner")
    return f"| {title} | {version} | {found['passed']} | {found['failed']} | {len(found['not_implemented'])} | {mistakes} |\n"


def section(title, found):
    unexplained = [failure for failure in found["failures"] if failure.get("mistakes") == []]
    others = [failure["kind"] for failure in found["failures"] if failure.get("mistakes") is None]
    text = f"\n## {title}\n\n"
    text += f"Failures that are no wrong base string or signature, by kind: {counted(others) or 'none'}.\n"
    if unexplained:
        text += "\nWrong, and not explained:\n\n"
    for failure in unexplained:
        text += f"* `{failure['id']}`\n  * expected: {code(failure['expected'])}\n  * came: {code(failure['came'])}\n"
    return text


def makers(seen):
    """Which implementation makes which mistake."""
    text = "\n## Mistakes, and who makes them\n\n"
    text += "Those that were seen here, alone or with another. A request with each of the others is made by `reference/mistakes.py`, "
    text += "and named by `cargo test -p oauth1-core --test diagnose`.\n\n| mistake | implementations |\n|---|---|\n"
    return text + "".join(f"| `{mistake}` | {'; '.join(seen[mistake])} |\n" for mistake in sorted(seen))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=PEERS, metavar="NAME")
    parser.add_argument("--tools", type=pathlib.Path, default=ROOT / "target/peers", metavar="DIR")
    parser.add_argument("--conformance", default=RUNNER, metavar="PROGRAM")
    options = parser.parse_args()
    tools = options.tools.resolve()
    tools.mkdir(parents=True, exist_ok=True)

    try:
        run("the runner", [*shlex.split(options.conformance), "run", "--kind", "percent-encode"])
    except Unavailable as reason:
        sys.exit(f"nothing scored: {reason}")

    rows, sections, missing, seen = "", "", 0, collections.defaultdict(list)
    for name in options.only or PEERS:
        title, (install, command) = PEERS[name]
        print(f"{name} …", file=sys.stderr)
        try:
            version = install(tools)
            found = report(options.conformance, command(tools, HERE / name))
        except Unavailable as reason:
            print(f"NOT SCORED: {name}: {reason}", file=sys.stderr)
            rows += f"| {title} | not scored: {reason} | – | – | – | – |\n"
            missing += 1
            continue
        rows += row(title, version, found)
        sections += section(title, found)
        for mistake in {name for failure in found["failures"] for name in (failure.get("mistakes") or [[]])[0]}:
            seen[mistake].append(title)
    if options.only:
        print(TEXT + rows + sections + makers(seen), end="")
    else:
        (HERE.parent / "PEERS.md").write_text(TEXT + rows + sections + makers(seen))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
