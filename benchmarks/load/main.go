// load is what benchmarks measure a tenant with, and what they wear one out with.
//
//	load measure -hertz 10 -for 2m < tenant.json    latencies of one client, in ms, as JSON
//	load flood -clients 200 -for 2m < tenant.json   answers by status code, as JSON
//
// tenant.json has server, name, ca, certificate and key, the last three in PEM. Not here: tenants,
// figures, what is compared with what (the Python beside it).
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const secrets = "/api/v1/namespaces/default/secrets"

type tenant struct {
	Server, Name, CA, Certificate, Key string
}

// client returns a client with a connection of its own.
func (t tenant) client() (*http.Client, error) {
	pair, err := tls.X509KeyPair([]byte(t.Certificate), []byte(t.Key))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(t.CA))
	secured := &tls.Config{ServerName: t.Name, RootCAs: roots, Certificates: []tls.Certificate{pair}}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: secured, ForceAttemptHTTP2: true}}, nil
}

// send makes one request and reads its answer to the end.
func (t tenant) send(ctx context.Context, client *http.Client, method, path, body string) (int, error) {
	answer, err := t.open(ctx, client, method, path, body)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

func (t tenant) open(ctx context.Context, client *http.Client, method, path, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, t.Server+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	return client.Do(request)
}

func secret(name string, bytes int) string {
	data := strings.Repeat("x", bytes)
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":%q},"stringData":{"k":%q}}`, name, data)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("says not what to do; use measure or flood")
	}
	flags := flag.NewFlagSet(arguments[0], flag.ExitOnError)
	hertz := flags.Float64("hertz", 0, "measure: rounds per second, 0 for one after another")
	rounds := flags.Int("rounds", 0, "measure: how many, 0 for as many as there is time for")
	lists := flags.Bool("lists", false, "measure: lists of 100 objects too")
	clients := flags.Int("clients", 200, "flood: each with a connection of its own")
	length := flags.Duration("for", time.Minute, "how long")
	prefix := flags.String("prefix", "load", "in front of the names of objects")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	var target tenant
	if err := json.NewDecoder(os.Stdin).Decode(&target); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), *length)
	defer cancel()
	var found any
	var err error
	switch arguments[0] {
	case "measure":
		found, err = measure(ctx, target, *prefix, *hertz, *rounds, *lists)
	case "flood":
		found, err = flood(ctx, target, *prefix, *clients)
	default:
		err = fmt.Errorf("knows no %q; use measure or flood", arguments[0])
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}
