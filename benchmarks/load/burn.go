package main

import (
	"context"
	"runtime"
	"sync"
)

// burn keeps all cores busy with nothing.
func burn(ctx context.Context) map[string]map[string]int {
	var running sync.WaitGroup
	for range runtime.NumCPU() {
		running.Go(func() {
			for ctx.Err() == nil {
			}
		})
	}
	running.Wait()
	return map[string]map[string]int{}
}
