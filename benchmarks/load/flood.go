package main

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	objectsOfWriter = 10
	bytesOfObject   = 1024
	watchSeconds    = 5
)

// answers counts what a server said, by what was asked and the status code; 0 is no answer.
type answers struct {
	sync.Mutex
	counts map[string]map[string]int
}

func (a *answers) add(kind string, status int) {
	a.Lock()
	defer a.Unlock()
	if a.counts[kind] == nil {
		a.counts[kind] = map[string]int{}
	}
	a.counts[kind][strconv.Itoa(status)]++
}

// flood has half of its clients write, a quarter list and a quarter watch, without a pause: who is
// told to come back later doesn't wait.
func flood(ctx context.Context, target tenant, prefix string, clients int) (map[string]map[string]int, error) {
	found := &answers{counts: map[string]map[string]int{}}
	var running sync.WaitGroup
	for number := range clients {
		client, err := target.client()
		if err != nil {
			return nil, err
		}
		running.Go(func() {
			switch number % 4 {
			case 0:
				target.list(ctx, client, found)
			case 1:
				target.watchAgain(ctx, client, found)
			default:
				target.write(ctx, client, found, named(prefix, number))
			}
		})
	}
	running.Wait()
	return found.counts, nil
}

// write creates objects and deletes those of before, so that a flood of any length fits a store.
func (t tenant) write(ctx context.Context, client *http.Client, found *answers, prefix string) {
	for number := 0; ctx.Err() == nil; number++ {
		status, _ := t.send(ctx, client, "POST", secrets, secret(named(prefix, number), bytesOfObject))
		found.add("create", status)
		if number >= objectsOfWriter {
			status, _ = t.send(ctx, client, "DELETE", secrets+"/"+named(prefix, number-objectsOfWriter), "")
			found.add("delete", status)
		}
	}
}

func (t tenant) list(ctx context.Context, client *http.Client, found *answers) {
	for ctx.Err() == nil {
		status, _ := t.send(ctx, client, "GET", secrets, "")
		found.add("list", status)
	}
}

// watchAgain watches all objects from the start for a few seconds, over and over.
func (t tenant) watchAgain(ctx context.Context, client *http.Client, found *answers) {
	for ctx.Err() == nil {
		short, cancel := context.WithTimeout(ctx, watchSeconds*time.Second)
		status, _ := t.send(short, client, "GET", secrets+"?watch=true&resourceVersion=0", "")
		found.add("watch", status)
		cancel()
	}
}
