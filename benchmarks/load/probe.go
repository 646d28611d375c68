package main

import (
	"context"
	"sync"
	"time"
)

// giveUp is how long a request may take; one that fails counts as one that took as long.
const giveUp = 10 * time.Second

// probe gets and creates Secrets by the clock, whether earlier requests were answered or not, and
// counts from the moment at which each was to leave: a server that stalls gets no fewer of them.
func probe(ctx context.Context, target tenant, prefix string, hertz float64) (latencies, error) {
	client, err := target.client()
	if err != nil {
		return nil, err
	}
	read := prefix + "-read"
	if err := target.ask(ctx, client, "POST", secrets, secret(read, bytesOfSecret)); err != nil {
		return nil, err
	}
	found := &probed{latencies: latencies{}}
	var running sync.WaitGroup
	ask := func(due time.Time, kind, method, path, body string) {
		defer running.Done()
		limited, cancel := context.WithDeadline(context.Background(), due.Add(giveUp))
		defer cancel()
		found.add(kind, due, target.ask(limited, client, method, path, body))
	}
	period := time.Duration(float64(time.Second) / hertz)
	due := time.Now()
	for number := 0; wait(ctx, due); number++ {
		running.Add(2)
		go ask(due, "get", "GET", secrets+"/"+read, "")
		go ask(due, "create", "POST", secrets, secret(named(prefix, number), bytesOfSecret))
		due = due.Add(period)
	}
	running.Wait()
	return found.latencies, nil
}

type probed struct {
	sync.Mutex
	latencies
}

// add notes how a request ended; each that failed is listed under "failed", too.
func (p *probed) add(kind string, due time.Time, failed error) {
	took := time.Since(due)
	p.Lock()
	defer p.Unlock()
	if failed != nil {
		took = giveUp
		p.latencies.add("failed", took)
	}
	p.latencies.add(kind, took)
}

// wait returns at a moment, or false when time is up before.
func wait(ctx context.Context, due time.Time) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Until(due)):
		return true
	}
}
