"""Authlib through the three legs, as its documentation has it.

    pip install Authlib==1.9.9 requests
"""

import json
import os

from approve import approve
from authlib.integrations.requests_client import OAuth1Session

site, callback = os.environ["OAUTH1_SITE"], os.environ["OAUTH1_CALLBACK"]
client = OAuth1Session(os.environ["OAUTH1_APP_KEY"], os.environ["OAUTH1_APP_SECRET"])
client.redirect_uri = callback
temporary = client.fetch_request_token(f"{site}/oauth/initiate")
answer = approve(client.create_authorization_url(f"{site}/oauth/authorize", temporary["oauth_token"]))

if callback == "oob":
    token = client.fetch_access_token(f"{site}/oauth/token", verifier=answer)
else:
    client.parse_authorization_response(answer)
    token = client.fetch_access_token(f"{site}/oauth/token")

echo = client.get(f"{site}/echo", params={"page": "2"})
echo.raise_for_status()
print(json.dumps({"temporary": temporary["oauth_token"], "token": token["oauth_token"], "echo": echo.json()}))
