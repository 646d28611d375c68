// load is what benchmarks measure a tenant with, and what they wear one out with.
//
//	load rounds -rounds 100 < tenant.json           latencies of requests one after another, in ms
//	load probe -hertz 20 -for 2m < tenant.json      latencies of requests by the clock, in ms
//	load flood -clients 200 -for 2m < tenant.json   answers to a flood, by status code
//	load burn -for 2m < tenant.json                 nothing: all cores are busy meanwhile
//
// tenant.json has server, name, ca, certificate and key, the last three in PEM; answers are JSON.
// Not here: tenants, figures, what is compared with what (the Python beside it).
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

// ask makes a request that is to succeed.
func (t tenant) ask(ctx context.Context, client *http.Client, method, path, body string) error {
	status, err := t.send(ctx, client, method, path, body)
	if err == nil && status >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: status %d", method, path, status)
	}
	return err
}

// send makes a request and reads its answer to the end.
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
	// Every client of Kubernetes asks for it. Said here, nothing is unpacked, which would take CPU
	// from those who are measured.
	request.Header.Set("Accept-Encoding", "gzip")
	return client.Do(request)
}

func secret(name string, bytes int) string {
	data := strings.Repeat("x", bytes)
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":%q},"stringData":{"k":%q}}`, name, data)
}

func named(prefix string, number int) string { return fmt.Sprintf("%s-%d", prefix, number) }

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("is not told what to do; use rounds, probe, flood or burn")
	}
	flags := flag.NewFlagSet(arguments[0], flag.ExitOnError)
	count := flags.Int("rounds", 100, "rounds: how many")
	hertz := flags.Float64("hertz", 20, "probe: requests of each kind per second")
	clients := flags.Int("clients", 200, "flood: each with a connection of its own")
	length := flags.Duration("for", 5*time.Minute, "how long, at the most")
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
	case "rounds":
		found, err = rounds(ctx, target, *prefix, *count)
	case "probe":
		found, err = probe(ctx, target, *prefix, *hertz)
	case "flood":
		found, err = flood(ctx, target, *prefix, *clients)
	case "burn":
		found = burn(ctx)
	default:
		err = fmt.Errorf("knows no %q; use rounds, probe, flood or burn", arguments[0])
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}
