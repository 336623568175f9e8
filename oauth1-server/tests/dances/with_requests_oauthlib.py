"""requests-oauthlib through the three legs, as its documentation has it.

    pip install requests-oauthlib==2.0.0
"""

import json
import os

from approve import approve
from requests_oauthlib import OAuth1Session

site, callback = os.environ["OAUTH1_SITE"], os.environ["OAUTH1_CALLBACK"]
oauth = OAuth1Session(os.environ["OAUTH1_APP_KEY"], client_secret=os.environ["OAUTH1_APP_SECRET"], callback_uri=callback)
temporary = oauth.fetch_request_token(f"{site}/oauth/initiate")
answer = approve(oauth.authorization_url(f"{site}/oauth/authorize"))

if callback == "oob":
    oauth = OAuth1Session(
        os.environ["OAUTH1_APP_KEY"],
        client_secret=os.environ["OAUTH1_APP_SECRET"],
        resource_owner_key=temporary["oauth_token"],
        resource_owner_secret=temporary["oauth_token_secret"],
        verifier=answer,
    )
else:
    oauth.parse_authorization_response(answer)
token = oauth.fetch_access_token(f"{site}/oauth/token")

echo = oauth.get(f"{site}/echo", params={"page": "2"})
echo.raise_for_status()
print(json.dumps({"temporary": temporary["oauth_token"], "token": token["oauth_token"], "echo": echo.json()}))
