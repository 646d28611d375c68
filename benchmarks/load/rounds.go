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

const (
	listed        = 100 // objects that a list returns
	bytesOfSecret = 256
)

// rounds gets, lists and creates Secrets, one request after another, and watches them arrive.
func rounds(ctx context.Context, target tenant, prefix string, count int) (latencies, error) {
	client, err := target.client()
	if err != nil {
		return nil, err
	}
	namespace, err := target.prepare(ctx, client, prefix)
	if err != nil {
		return nil, err
	}
	seen, err := target.watch(ctx)
	if err != nil {
		return nil, err
	}
	found := latencies{}
	timed := func(kind, method, path, body string) error {
		start := time.Now()
		if err := target.ask(ctx, client, method, path, body); err != nil {
			return err
		}
		found.add(kind, time.Since(start))
		return nil
	}
	for round := range count {
		if err := timed("get", "GET", namespace+"/"+named("s", 0), ""); err != nil {
			return nil, err
		}
		if err := timed("list", "GET", namespace, ""); err != nil {
			return nil, err
		}
		name, sent := named(prefix, round), time.Now()
		if err := timed("create", "POST", secrets, secret(name, bytesOfSecret)); err != nil {
			return nil, err
		}
		arrived, err := seen.wait(ctx, name)
		if err != nil {
			return nil, err
		}
		found.add("watch", arrived.Sub(sent))
	}
	return found, nil
}

// latencies has, by what was done, how long each took, in ms.
type latencies map[string][]float64

func (l latencies) add(kind string, passed time.Duration) {
	l[kind] = append(l[kind], float64(passed.Microseconds())/1000)
}

// prepare makes a namespace with the objects that are read, and returns the path of its Secrets.
func (t tenant) prepare(ctx context.Context, client *http.Client, prefix string) (string, error) {
	name := prefix + "-listed"
	path := "/api/v1/namespaces/" + name + "/secrets"
	body := fmt.Sprintf(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q}}`, name)
	if err := t.ask(ctx, client, "POST", "/api/v1/namespaces", body); err != nil {
		return "", err
	}
	for number := range listed {
		if err := t.ask(ctx, client, "POST", path, secret(named("s", number), bytesOfSecret)); err != nil {
			return "", err
		}
	}
	return path, nil
}

// arrivals has when a watch showed each object.
type arrivals struct {
	sync.Mutex
	at      map[string]time.Time
	arrived chan struct{}
}

func (a *arrivals) wait(ctx context.Context, name string) (time.Time, error) {
	for {
		a.Lock()
		at, ok := a.at[name]
		a.Unlock()
		if ok {
			return at, nil
		}
		select {
		case <-ctx.Done():
			return at, fmt.Errorf("%s did not arrive: %w", name, ctx.Err())
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
			seen.note(line, time.Now())
		}
	}()
	return seen, nil
}

func (a *arrivals) note(line []byte, now time.Time) {
	var event struct {
		Object struct{ Metadata struct{ Name string } }
	}
	if json.Unmarshal(line, &event) != nil {
		return
	}
	a.Lock()
	a.at[event.Object.Metadata.Name] = now
	a.Unlock()
	select {
	case a.arrived <- struct{}{}:
	default:
	}
}
