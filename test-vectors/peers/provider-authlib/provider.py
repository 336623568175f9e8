"""A provider on Authlib's own server for Flask, for `oauth1-conformance provider`.

    pip install 'authlib==1.9.9' 'flask==3.1.3'
    CLIENTS='KEY:SECRET:CALLBACK' python3 peers/provider-authlib/provider.py [PORT]

AuthorizationServer and ResourceProtector do the protocol, with Authlib's own hooks for temporary
credentials and nonces over a cache, as its documentation shows. Each line of CLIENTS is a client
with its callback. Prints the origin it listens at. Whoever asks is the resource owner: signing in
is not Authlib's part.
"""

import os
import sys
import threading
import time

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import flask
from authlib.integrations import flask_oauth1
from authlib.oauth1 import ClientMixin, TokenCredentialMixin
from authlib.oauth1.errors import OAuth1Error
from werkzeug.serving import WSGIRequestHandler, make_server

# An answer takes a while, as that of a cache on another machine; without that, races would be a matter of luck.
LOOKUP = 0.05


class Cache:
    """The four methods that Authlib's hooks call."""

    def __init__(self):
        self.values, self.lock = {}, threading.Lock()

    def get(self, key):
        with self.lock:
            value = self.values.get(key)
        time.sleep(LOOKUP)
        return dict(value) if isinstance(value, dict) else value

    def has(self, key):
        with self.lock:
            found = key in self.values
        time.sleep(LOOKUP)
        return found

    def set(self, key, value, timeout=None):
        with self.lock:
            self.values[key] = value

    def delete(self, key):
        with self.lock:
            self.values.pop(key, None)


class Client(ClientMixin):
    def __init__(self, secret, callback):
        self.secret, self.callback = secret, callback

    def get_default_redirect_uri(self):
        return self.callback

    def get_client_secret(self):
        return self.secret

    def get_rsa_public_key(self):
        return None


class Token(TokenCredentialMixin):
    def __init__(self, identifier, secret):
        self.identifier, self.secret = identifier, secret

    def get_oauth_token(self):
        return self.identifier

    def get_oauth_token_secret(self):
        return self.secret


class Owner:
    def get_user_id(self):
        return 1


clients = {key: Client(secret, callback) for key, secret, callback in (line.split(":", 2) for line in os.environ["CLIENTS"].split())}
tokens = {}
cache = Cache()
app = flask.Flask(__name__)
server = flask_oauth1.AuthorizationServer(app, query_client=clients.get)
flask_oauth1.register_nonce_hooks(server, cache)
flask_oauth1.register_temporary_credential_hooks(server, cache)
protect = flask_oauth1.ResourceProtector(
    app,
    query_client=clients.get,
    query_token=lambda client_id, oauth_token: tokens.get((client_id, oauth_token)),
    exists_nonce=flask_oauth1.create_exists_nonce_func(cache),
)


def create_token_credential(token, temporary_credential):
    made = Token(token["oauth_token"], token["oauth_token_secret"])
    tokens[temporary_credential.get_client_id(), made.identifier] = made
    return made


server.register_hook("create_token_credential", create_token_credential)


@app.route("/oauth/initiate", methods=["GET", "POST"])
def initiate():
    return server.create_temporary_credentials_response()


@app.route("/oauth/authorize", methods=["GET", "POST"])
def authorize():
    """GET shows the question, POST decides it: decision=allow or decision=deny."""
    try:
        if flask.request.method == "GET":
            server.check_authorization_request()
            return "POST decision=allow or decision=deny"
        granted = flask.request.form.get("decision") == "allow"
        return server.create_authorization_response(grant_user=Owner() if granted else None)
    except OAuth1Error as error:
        return str(error), 400


@app.route("/oauth/token", methods=["GET", "POST"])
def token():
    return server.create_token_response()


@app.route("/echo", methods=["GET", "POST"])
@protect()
def resource():
    return "the resource"


class Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    listener = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    print("http://127.0.0.1:%d" % listener.server_port, flush=True)
    listener.serve_forever()
