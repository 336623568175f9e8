// Go's gomodule/oauth1 through the three legs, as its documentation has it.
//
//	apt-get install golang-go golang-github-gomodule-oauth1-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go run with_gomodule.go
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/gomodule/oauth1/oauth"
)

func main() {
	log.SetFlags(0)
	site, callback := os.Getenv("OAUTH1_SITE"), os.Getenv("OAUTH1_CALLBACK")
	client := oauth.Client{
		TemporaryCredentialRequestURI: site + "/oauth/initiate",
		ResourceOwnerAuthorizationURI: site + "/oauth/authorize",
		TokenRequestURI:               site + "/oauth/token",
		Credentials: oauth.Credentials{
			Token:  os.Getenv("OAUTH1_APP_KEY"),
			Secret: os.Getenv("OAUTH1_APP_SECRET"),
		},
	}
	temporary, err := client.RequestTemporaryCredentials(nil, callback, nil)
	must(err)

	person := exec.Command("python3", os.Getenv("OAUTH1_APPROVE"), client.AuthorizationURL(temporary, nil))
	person.Stderr = os.Stderr
	answer, err := person.Output()
	must(err)
	verifier := strings.TrimSpace(string(answer))
	if callback != "oob" {
		back, err := url.Parse(verifier)
		must(err)
		verifier = back.Query().Get("oauth_verifier")
	}

	token, _, err := client.RequestToken(nil, temporary, verifier)
	must(err)
	response, err := client.Get(nil, token, site+"/echo", url.Values{"page": {"2"}})
	must(err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		log.Fatal(response.Status)
	}
	var echo any
	must(json.NewDecoder(response.Body).Decode(&echo))
	said, err := json.Marshal(map[string]any{"temporary": temporary.Token, "token": token.Token, "echo": echo})
	must(err)
	fmt.Println(string(said))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
