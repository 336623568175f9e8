// Command answer puts Go's github.com/gomodule/oauth1 behind the line protocol of ../../README.md.
//
//	apt-get install golang-go golang-github-gomodule-oauth1-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o answer .
//
// Its own functions are called the way its users call them; nothing it lacks is added. Nonce and
// timestamp are pinned by the hook that its own tests use, and what it does not export, escaping
// and base string, is reached by name.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/url"
	"os"
	"strings"
	_ "unsafe" // for go:linkname

	_ "github.com/gomodule/oauth1/oauth"
)

//go:linkname testHook github.com/gomodule/oauth1/oauth.testHook
var testHook func(map[string]string)

//go:linkname encode github.com/gomodule/oauth1/oauth.encode
func encode(s string, double bool) []byte

//go:linkname writeBaseString github.com/gomodule/oauth1/oauth.writeBaseString
func writeBaseString(w io.Writer, method string, u *url.URL, form url.Values, oauthParams map[string]string)

var errNotImplemented = errors.New("not implemented")

type given struct {
	ID              string      `json:"id"`
	Kind            string      `json:"kind"`
	Input           string      `json:"input"`
	InputHex        string      `json:"input_hex"`
	URL             string      `json:"url"`
	HostHeader      *string     `json:"host_header"`
	Method          string      `json:"method"`
	OAuthParams     [][2]string `json:"oauth_params"`
	Body            string      `json:"body"`
	ContentType     string      `json:"content_type"`
	Params          [][2]string `json:"params"`
	Form            *string     `json:"form"`
	Realm           *string     `json:"realm"`
	ClientSecret    string      `json:"client_secret"`
	TokenSecret     string      `json:"token_secret"`
	PrivateKeyPEM   string      `json:"private_key_pem"`
	SignatureMethod string      `json:"signature_method"`
}

// sent returns what goes into the header, but for realm and signature.
func (g given) sent() map[string]string {
	params := map[string]string{}
	for _, pair := range g.OAuthParams {
		if pair[0] != "realm" && pair[0] != "oauth_signature" {
			params[pair[0]] = pair[1]
		}
	}
	return params
}

// form returns the parameters of a form body; whether a body is one, its user decides.
func (g given) form() (url.Values, error) {
	mediaType, _, _ := mime.ParseMediaType(g.ContentType)
	if mediaType != "application/x-www-form-urlencoded" {
		return nil, nil
	}
	return url.ParseQuery(g.Body)
}

func baseString(method, rawURL string, form url.Values, params map[string]string) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	writeBaseString(&b, method, u, form, params)
	return b.String(), nil
}

// requestBaseString hands what does not start with oauth_ over with the form, as its users do.
func requestBaseString(g given) (interface{}, error) {
	form, err := g.form()
	if err != nil {
		return nil, err
	}
	if form == nil {
		form = url.Values{}
	}
	for _, pair := range g.OAuthParams {
		if !strings.HasPrefix(pair[0], "oauth_") && pair[0] != "realm" {
			form.Add(pair[0], pair[1])
		}
	}
	params := g.sent()
	for name := range params {
		if !strings.HasPrefix(name, "oauth_") {
			delete(params, name)
		}
	}
	return baseString(g.Method, g.URL, form, params)
}

// part returns one part of a base string, decoded.
func part(index int, base string, err error) (interface{}, error) {
	if err != nil {
		return nil, err
	}
	return url.PathUnescape(strings.Split(base, "&")[index])
}

func normalize(g given) (interface{}, error) {
	address, form := "http://x/", url.Values{}
	if g.Form != nil {
		address += "?" + *g.Form
	}
	for _, pair := range g.Params {
		if pair[0] != "oauth_signature" {
			form.Add(pair[0], pair[1])
		}
	}
	base, err := baseString("GET", address, form, nil)
	return part(2, base, err)
}

func output(g given) (interface{}, error) {
	switch g.Kind {
	case "percent-encode":
		octets, err := hex.DecodeString(g.InputHex)
		return string(encode(g.Input+string(octets), false)), err
	case "base-string-uri":
		if g.HostHeader != nil {
			return nil, errNotImplemented // it is given a URL, no header
		}
		base, err := baseString("GET", g.URL, nil, nil)
		return part(1, base, err)
	case "parameter-normalization":
		return normalize(g)
	case "base-string":
		return requestBaseString(g)
	case "plaintext":
		g.URL, g.Method, g.SignatureMethod = "http://x/", "GET", "PLAINTEXT"
		g.OAuthParams = [][2]string{{"oauth_token", "token"}}
		signed, err := signRequest(g)
		if err != nil {
			return nil, err
		}
		return signed.(map[string]string)["signature"], nil
	case "sign-request":
		return signRequest(g)
	}
	return nil, errNotImplemented
}

func answer(g given) map[string]interface{} {
	result, err := output(g)
	switch {
	case err == errNotImplemented:
		return map[string]interface{}{"id": g.ID, "not_implemented": true}
	case err != nil:
		return map[string]interface{}{"id": g.ID, "refused": err.Error()}
	}
	return map[string]interface{}{"id": g.ID, "output": result}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var g given
		if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
			answers.Encode(map[string]string{"refused": err.Error()})
			continue
		}
		answers.Encode(answer(g))
	}
}
