"""A resource owner at a browser without scripts: signs in, decides, and tells where that leads.

    python3 approve.py URL

URL is where an application sends people. OAUTH1_OWNER and OAUTH1_OWNER_PASSWORD sign in;
OAUTH1_DECISION is allow, or deny. Prints the URL at which the application gets the person back, or
the code that is shown instead. Fills in the forms of the pages as they are, and needs nothing but
Python.
"""

import os
import sys
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPErrorProcessor, ProxyHandler, Request, build_opener


class Page(HTMLParser):
    """The forms of a page, and the code on it."""

    def __init__(self, answer):
        super().__init__()
        self.url, self.policy = answer.url, answer.headers.get("Content-Security-Policy", "")
        self.forms, self.code = [], None
        self.in_form = self.in_code = False
        self.feed(answer.read().decode())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.in_form = True
            action = urljoin(self.url, attributes.get("action", ""))
            self.forms.append({"method": attributes.get("method", "get"), "action": action, "fields": {}, "buttons": []})
        elif tag == "output" and attributes.get("id") == "verifier":
            self.in_code, self.code = True, ""
        elif tag in ("input", "button") and self.in_form and "name" in attributes:
            named = attributes["name"], attributes.get("value", "")
            if tag == "button" or attributes.get("type") == "submit":
                self.forms[-1]["buttons"].append(named)
            else:
                self.forms[-1]["fields"][named[0]] = named[1]

    def handle_endtag(self, tag):
        self.in_form = self.in_form and tag != "form"
        self.in_code = self.in_code and tag != "output"

    def handle_data(self, text):
        if self.in_code:
            self.code += text.strip()

    def form(self, wanted):
        found = [form for form in self.forms if form["method"].lower() == "post" and wanted(form)]
        if len(found) != 1:
            sys.exit(f"{self.url} has {len(found)} such forms of {self.forms}")
        return found[0]

    def may_lead_to(self, url):
        """Whether browsers follow a redirect there after a form of this page was sent."""
        for directive in self.policy.split(";"):
            name, *sources = directive.split() or [""]
            if name == "form-action":
                return any(source in (origin(url), urlsplit(url).scheme + ":") for source in sources)
        return True


class Unprocessed(HTTPErrorProcessor):
    """Redirects are followed where it is decided."""

    def http_response(self, request, response):
        return response


def origin(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Browser:
    def __init__(self, home):
        self.home = origin(home)
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(), Unprocessed)

    def go(self, url, fields=None):
        """A page, or a URL that is none of the server's."""
        while origin(url) == self.home:
            request = Request(url, urlencode(fields).encode() if fields else None)
            if fields:
                request.add_header("Origin", self.home)
            answer = self.opener.open(request)
            if answer.status == 200:
                return Page(answer)
            if answer.status != 303:
                sys.exit(f"{url}: {answer.status}: {answer.read().decode()}")
            url, fields = urljoin(url, answer.headers["Location"]), None
        return url


def approve(url):
    browser = Browser(url)
    form = browser.go(url).form(lambda form: "password" in form["fields"])
    fields = form["fields"] | {"name": os.environ["OAUTH1_OWNER"], "password": os.environ["OAUTH1_OWNER_PASSWORD"]}
    asked = browser.go(form["action"], fields)
    decision = ("decision", os.environ.get("OAUTH1_DECISION", "allow"))
    form = asked.form(lambda form: decision in form["buttons"])
    decided = browser.go(form["action"], form["fields"] | dict([decision]))
    if isinstance(decided, Page):
        return decided.code or sys.exit(f"{decided.url} shows no code")
    if not asked.may_lead_to(decided):
        sys.exit(f"browsers do not go on to {decided}: {asked.policy}")
    return decided


if __name__ == "__main__":
    print(approve(sys.argv[1]))
