package main

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gomodule/oauth1/oauth"
)

func privateKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no key")
	}
	if block.Type == "RSA PRIVATE KEY" {
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return key.(*rsa.PrivateKey), nil
}

var methods = map[string]oauth.SignatureMethod{
	"HMAC-SHA1": oauth.HMACSHA1, "RSA-SHA1": oauth.RSASHA1, "PLAINTEXT": oauth.PLAINTEXT,
}

func client(g given, method string, params map[string]string) (*oauth.Client, *oauth.Credentials, error) {
	signatureMethod, known := methods[method]
	if !known {
		return nil, nil, errNotImplemented
	}
	c := &oauth.Client{
		Credentials:     oauth.Credentials{Token: params["oauth_consumer_key"], Secret: g.ClientSecret},
		SignatureMethod: signatureMethod,
	}
	if signatureMethod == oauth.RSASHA1 {
		var err error
		if c.PrivateKey, err = privateKey(g.PrivateKeyPEM); err != nil {
			return nil, nil, err
		}
	}
	token, sent := params["oauth_token"]
	if !sent && g.TokenSecret != "" {
		return nil, nil, errNotImplemented // there is no secret without a token
	}
	if !sent {
		return c, nil, nil
	}
	return c, &oauth.Credentials{Token: token, Secret: g.TokenSecret}, nil
}

// keeper takes the place of the network and keeps the header.
type keeper struct{ header string }

func (k *keeper) RoundTrip(r *http.Request) (*http.Response, error) {
	k.header = r.Header.Get("Authorization")
	return nil, errors.New("not sent")
}

func header(c *oauth.Client, credentials *oauth.Credentials, g given, params map[string]string) (string, error) {
	k := &keeper{}
	nowhere := &http.Client{Transport: k}
	var err error
	if callback, ok := params["oauth_callback"]; ok {
		c.TemporaryCredentialRequestURI, c.TemporaryCredentialsMethod = g.URL, g.Method
		_, err = c.RequestTemporaryCredentials(nowhere, callback, nil)
	} else if verifier, ok := params["oauth_verifier"]; ok {
		c.TokenRequestURI, c.TokenCredentailsMethod = g.URL, g.Method
		_, _, err = c.RequestToken(nowhere, credentials, verifier)
	} else {
		u, err := url.Parse(g.URL)
		if err != nil {
			return "", err
		}
		form, err := g.form()
		if err != nil {
			return "", err
		}
		h := http.Header{}
		err = c.SetAuthorizationHeader(h, credentials, g.Method, u, form)
		return h.Get("Authorization"), err
	}
	if k.header == "" {
		return "", err
	}
	return k.header, nil
}

func signRequest(g given) (interface{}, error) {
	params := g.sent()
	method := params["oauth_signature_method"]
	if method == "" {
		method = g.SignatureMethod
	}
	c, credentials, err := client(g, method, params)
	if err != nil {
		return nil, err
	}
	lacks := g.Realm != nil
	testHook = func(made map[string]string) {
		for name := range params {
			_, ok := made[name]
			lacks = lacks || !ok
		}
		for name := range made {
			if value, ok := params[name]; ok {
				made[name] = value
			} else {
				delete(made, name)
			}
		}
	}
	h, err := header(c, credentials, g, params)
	if lacks {
		return nil, errNotImplemented // it does not send all of these
	}
	if err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(h, `oauth_signature="`)
	value, _, _ := strings.Cut(rest, `"`)
	signature, err := url.PathUnescape(value)
	if err != nil {
		return nil, err
	}
	form, _ := g.form()
	base, err := baseString(g.Method, g.URL, form, params)
	return map[string]string{"base_string": base, "signature": signature, "authorization_header": h}, err
}
