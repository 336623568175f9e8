"""Acts as the resource owner of the providers beside this file: --approve or --deny of
`oauth1-conformance provider`.

    python3 peers/decide.py allow|deny

Posts the decision to $AUTHORIZE_URL. Prints the URI it is redirected to, or the verification code,
or nothing if the provider lets nobody decide.
"""

import os
import sys
import urllib.error
import urllib.parse
import urllib.request


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def main(decision):
    opener = urllib.request.build_opener(NoRedirect)
    form = urllib.parse.urlencode({"decision": decision}).encode()
    try:
        with opener.open(os.environ["AUTHORIZE_URL"], form, timeout=30) as answer:
            fields = urllib.parse.parse_qs(answer.read().decode())
            print("".join(fields.get("oauth_verifier", [])))
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            sys.exit("the provider failed: %d" % error.code)
        print(error.headers.get("Location", ""))


if __name__ == "__main__":
    if sys.argv[1:] not in (["allow"], ["deny"]):
        sys.exit(__doc__)
    main(sys.argv[1])
