"""Acts as the resource owner of oauth1-server: --approve and --deny of `oauth1-conformance provider`.

    OAUTH1_OWNER=name OAUTH1_OWNER_PASSWORD=... python3 peers/approve.py [--deny]

Opens $AUTHORIZE_URL like a browser: signs in, sends the form of the consent page. Prints the URI it
is redirected to, or the verification code that the page shows, or nothing if the provider lets
nobody decide. Python's standard library is all it needs.
"""

import html.parser
import http.cookiejar
import os
import sys
import urllib.error
import urllib.parse
import urllib.request


class Page(html.parser.HTMLParser):
    """The forms of a page, with their hidden fields, and the verification code."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.verifier, self.inside = [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "form":
            self.forms.append((found.get("action") or "", []))
        elif tag == "input" and found.get("type") == "hidden" and self.forms:
            self.forms[-1][1].append((found.get("name") or "", found.get("value") or ""))
        self.inside = tag == "output" and found.get("id") == "verifier" or self.inside and tag != "output"

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "output"

    def handle_data(self, data):
        if self.inside:
            self.verifier += data.strip()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Keeps cookies, and follows redirects only from page to page of the provider."""

    def __init__(self, url):
        self.opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.origin, self.pages = origin(url), url.partition("?")[0]

    def open(self, url, fields=None):
        """Status, Location and text; `fields` makes it a POST from a page of the provider."""
        form = urllib.parse.urlencode(fields).encode() if fields is not None else None
        request = urllib.request.Request(url, form, {"Origin": self.origin} if form is not None else {})
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers.get("Location"), answer.read().decode("utf-8", "replace")

    def follow(self, url, fields=None):
        """The same and where it came from, after those redirects."""
        for _ in range(5):
            status, location, text = self.open(url, fields)
            target = urllib.parse.urljoin(url, location) if location else ""
            if not (target.partition("?")[0] + "/").startswith(self.pages + "/"):
                return status, location, text, url
            url, fields = target, None
        sys.exit("the provider redirects again and again, last to %s" % url)


def origin(url):
    parts = urllib.parse.urlsplit(url)
    return "%s://%s" % (parts.scheme, parts.netloc)


def form_at(text, path, url):
    """URL and hidden fields of the page's form that goes to that path; without action, to the page itself."""
    for action, fields in Page(text).forms:
        target = urllib.parse.urljoin(url, action)
        if urllib.parse.urlsplit(target).path == path:
            return target, fields
    return None


def main(decision):
    start = os.environ["AUTHORIZE_URL"]
    browser, path = Browser(start), urllib.parse.urlsplit(start).path
    status, location, text, url = browser.follow(start)
    sign_in = form_at(text, path + "/sign-in", url)
    if sign_in:
        fields = sign_in[1] + [("name", os.environ["OAUTH1_OWNER"]), ("password", os.environ["OAUTH1_OWNER_PASSWORD"])]
        status, location, text, url = browser.follow(sign_in[0], fields)
        if form_at(text, path + "/sign-in", url):
            sys.exit("signing in was refused, status %d; check OAUTH1_OWNER and OAUTH1_OWNER_PASSWORD" % status)
    consent = form_at(text, path, url)
    if 400 <= status < 500:
        return ""
    if status != 200 or location or not consent:
        sys.exit("no page to decide on: status %d, Location %s" % (status, location))
    target, fields = consent
    status, location, text, _ = browser.follow(target, [pair for pair in fields if pair[0] != "decision"] + [("decision", decision)])
    if status >= 500:
        sys.exit("the provider failed: %d" % status)
    return location or Page(text).verifier


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--deny"]):
        sys.exit(__doc__)
    missing = [name for name in ("AUTHORIZE_URL", "OAUTH1_OWNER", "OAUTH1_OWNER_PASSWORD") if not os.environ.get(name)]
    if missing:
        sys.exit("set " + ", ".join(missing))
    print(main("deny" if sys.argv[1:] else "allow"))
