package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const listed = 100 // objects that a list returns, of 256 bytes each

// latencies has, by what was done, how long each took, in ms.
type latencies struct {
	Get, Create, List, Watch []float64
	Failed                   int
}

// measure reads, lists if asked to, and creates Secrets in turn, and watches them being created.
func measure(
	ctx context.Context, target tenant, prefix string, hertz float64, rounds int, lists bool,
) (*latencies, error) {
	client, err := target.client()
	if err != nil {
		return nil, err
	}
	namespace := secretsOf(prefix + "-listed")
	if err := target.prepare(ctx, client, prefix); err != nil {
		return nil, err
	}
	found := &latencies{}
	seen, err := target.watch(ctx)
	if err != nil {
		return nil, err
	}
	next := every(hertz)
	for round := 0; rounds == 0 || round < rounds; round++ {
		select {
		case <-ctx.Done():
			return found, nil
		case <-next:
		}
		found.Get = found.timed(ctx, found.Get, target, client, "GET", namespace+"/s0", "")
		if lists {
			found.List = found.timed(ctx, found.List, target, client, "GET", namespace, "")
		}
		name := fmt.Sprintf("%s-%d", prefix, round)
		sent := time.Now()
		found.Create = found.timed(ctx, found.Create, target, client, "POST", secrets, secret(name, 256))
		if arrived, ok := seen.wait(ctx, name); ok {
			found.Watch = append(found.Watch, milliseconds(arrived.Sub(sent)))
		}
	}
	return found, nil
}

// every ticks so often; 0 is as often as somebody looks.
func every(hertz float64) <-chan time.Time {
	if hertz > 0 {
		return time.Tick(time.Duration(float64(time.Second) / hertz))
	}
	always := make(chan time.Time)
	close(always)
	return always
}

func secretsOf(namespace string) string { return "/api/v1/namespaces/" + namespace + "/secrets" }

// prepare makes a namespace with the objects that are read.
func (t tenant) prepare(ctx context.Context, client *http.Client, prefix string) error {
	namespace := prefix + "-listed"
	body := fmt.Sprintf(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q}}`, namespace)
	if err := t.made(ctx, client, "/api/v1/namespaces", body); err != nil {
		return err
	}
	for number := range listed {
		if err := t.made(ctx, client, secretsOf(namespace), secret(fmt.Sprintf("s%d", number), 256)); err != nil {
			return err
		}
	}
	return nil
}

// made creates an object that may be there already.
func (t tenant) made(ctx context.Context, client *http.Client, path, body string) error {
	status, err := t.send(ctx, client, "POST", path, body)
	if err == nil && status != http.StatusCreated && status != http.StatusConflict {
		err = fmt.Errorf("POST %s: status %d", path, status)
	}
	return err
}

func (l *latencies) timed(
	ctx context.Context, before []float64, target tenant, client *http.Client, method, path, body string,
) []float64 {
	start := time.Now()
	status, err := target.send(ctx, client, method, path, body)
	if ctx.Err() != nil {
		return before
	}
	if err != nil || status >= 300 {
		l.Failed++
		return before
	}
	return append(before, milliseconds(time.Since(start)))
}

func milliseconds(passed time.Duration) float64 { return float64(passed.Microseconds()) / 1000 }

// arrivals has when a watch showed each object.
type arrivals struct {
	sync.Mutex
	at      map[string]time.Time
	arrived chan struct{}
}

func (a *arrivals) wait(ctx context.Context, name string) (time.Time, bool) {
	for {
		a.Lock()
		at, ok := a.at[name]
		a.Unlock()
		if ok {
			return at, true
		}
		select {
		case <-ctx.Done():
			return at, false
		case <-time.After(5 * time.Second): // its create failed, and is counted there
			return at, false
		case <-a.arrived:
		}
	}
}

// watch notes when each object arrives, on a connection of its own.
func (t tenant) watch(ctx context.Context) (*arrivals, error) {
	client, err := t.client()
	if err != nil {
		return nil, err
	}
	answer, err := t.open(ctx, client, "GET", secrets+"?watch=true&resourceVersion=0", "")
	if err != nil {
		return nil, err
	}
	seen := &arrivals{at: map[string]time.Time{}, arrived: make(chan struct{}, 1)}
	go func() {
		defer answer.Body.Close()
		lines := bufio.NewReader(answer.Body)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return
			}
			now := time.Now()
			var event struct {
				Object struct{ Metadata struct{ Name string } }
			}
			if json.Unmarshal(line, &event) != nil {
				continue
			}
			seen.Lock()
			seen.at[event.Object.Metadata.Name] = now
			seen.Unlock()
			select {
			case seen.arrived <- struct{}{}:
			default:
			}
		}
	}()
	return seen, nil
}
