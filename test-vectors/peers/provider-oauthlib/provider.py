"""A provider on oauthlib's own server, for `oauth1-conformance provider`.

    pip install 'oauthlib==4.0.1'
    CLIENTS='KEY:SECRET:CALLBACK' python3 peers/provider-oauthlib/provider.py [PORT]

WebApplicationServer does the protocol; the validator is of the shape its documentation shows, over
dictionaries. Each line of CLIENTS is a client with its registered callback; oauthlib wants keys of
20 to 30 letters and digits. Prints the origin it listens at. Whoever asks is the resource owner:
signing in is not oauthlib's part.
"""

import os
import socketserver
import sys
import threading
import time
import urllib.parse
import wsgiref.simple_server

from oauthlib import oauth1
from oauthlib.common import add_params_to_uri, safe_string_equals

# An answer takes a while, as that of a database; without that, races would be a matter of luck.
LOOKUP = 0.05
CLIENTS = {key: (secret, callback) for key, secret, callback in (line.split(":", 2) for line in os.environ["CLIENTS"].split())}


def looked_up(found):
    time.sleep(LOOKUP)
    return found


class Validator(oauth1.RequestValidator):
    """Request tokens, verifiers and access tokens are found under client key and token."""

    enforce_ssl = False
    dummy_client = dummy_request_token = dummy_access_token = "dummydummydummydummy"

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.nonces, self.request_tokens, self.verifiers, self.access_tokens = set(), {}, {}, {}
        self.client_of = {}

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, request_token=None, access_token=None):
        used = (client_key, timestamp, nonce, request_token or access_token)
        with self.lock:
            fresh = used not in self.nonces
            self.nonces.add(used)
        return fresh

    def validate_client_key(self, client_key, request):
        return client_key in CLIENTS

    def validate_redirect_uri(self, client_key, redirect_uri, request):
        return redirect_uri in ("oob", CLIENTS.get(client_key, (None, None))[1])

    def validate_request_token(self, client_key, token, request):
        return looked_up((client_key, token) in self.request_tokens)

    def validate_access_token(self, client_key, token, request):
        return (client_key, token) in self.access_tokens

    def validate_verifier(self, client_key, token, verifier, request):
        right = looked_up(self.verifiers.get((client_key, token)))
        return right is not None and safe_string_equals(verifier, right)

    def verify_request_token(self, token, request):
        return token in self.client_of

    def get_client_secret(self, client_key, request):
        return CLIENTS.get(client_key, ("dummy", None))[0]

    def get_request_token_secret(self, client_key, token, request):
        return looked_up(self.request_tokens.get((client_key, token), ("dummy", None)))[0]

    def get_access_token_secret(self, client_key, token, request):
        return self.access_tokens.get((client_key, token), "dummy")

    def get_redirect_uri(self, token, request):
        return self.request_tokens[self.client_of[token], token][1]

    def get_default_realms(self, client_key, request):
        return []

    def get_realms(self, token, request):
        return []

    def validate_requested_realms(self, client_key, realms, request):
        return True

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True

    def verify_realms(self, token, realms, request):
        return True

    def save_request_token(self, token, request):
        key = token["oauth_token"]
        self.request_tokens[request.client_key, key] = (token["oauth_token_secret"], request.redirect_uri)
        self.client_of[key] = request.client_key

    def save_verifier(self, token, verifier, request):
        self.verifiers[self.client_of[token], token] = verifier["oauth_verifier"]

    def save_access_token(self, token, request):
        self.access_tokens[request.client_key, token["oauth_token"]] = token["oauth_token_secret"]

    def invalidate_request_token(self, client_key, request_token, request):
        self.forget(request_token)

    def forget(self, token):
        client = self.client_of.pop(token, None)
        self.request_tokens.pop((client, token), None)
        self.verifiers.pop((client, token), None)


validator = Validator()
server = oauth1.WebApplicationServer(validator)


def resource(*request):
    valid, _ = server.validate_protected_resource_request(*request)
    if valid:
        return {"Content-Type": "text/plain"}, "the resource", 200
    return {"WWW-Authenticate": "OAuth", "Content-Type": "text/plain"}, "refused", 401


def authorize(uri, method, body, headers):
    """GET shows the question, POST decides it: decision=allow or decision=deny."""
    try:
        if method == "GET":
            server.get_realms_and_credentials(uri)
            return {"Content-Type": "text/plain"}, "POST decision=allow or decision=deny", 200
        if urllib.parse.parse_qs(body).get("decision") == ["allow"]:
            return server.create_authorization_response(uri)
        # oauthlib knows no denial; the token is taken back.
        _, found = server.get_realms_and_credentials(uri)
        token = found["resource_owner_key"]
        callback = validator.get_redirect_uri(token, None)
        validator.forget(token)
    except oauth1.rfc5849.errors.OAuth1Error as error:
        return {"Content-Type": "text/plain"}, error.urlencoded, 400
    if callback == "oob":
        return {"Content-Type": "text/plain"}, "denied", 200
    return {"Location": add_params_to_uri(callback, [("oauth_problem", "user_refused")])}, "", 302


def application(environ, start_response):
    uri = wsgiref.util.request_uri(environ)
    headers = {"Content-Type": environ.get("CONTENT_TYPE", ""), "Authorization": environ.get("HTTP_AUTHORIZATION", "")}
    headers = {name: value for name, value in headers.items() if value}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
    endpoints = {
        "/oauth/initiate": server.create_request_token_response,
        "/oauth/authorize": authorize,
        "/oauth/token": server.create_access_token_response,
        "/echo": resource,
    }
    endpoint = endpoints.get(environ["PATH_INFO"], lambda *_: ({}, "", 404))
    headers, body, status = endpoint(uri, environ["REQUEST_METHOD"], body, headers)
    start_response("%d -" % status, list(headers.items()))
    return [(body or "").encode()]


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Threaded(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True
    request_queue_size = 64


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    listener = wsgiref.simple_server.make_server("127.0.0.1", port, application, Threaded, Quiet)
    print("http://127.0.0.1:%d" % listener.server_port, flush=True)
    listener.serve_forever()
