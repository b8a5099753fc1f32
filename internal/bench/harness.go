package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
)

// harness is the test that the helpers of the end-to-end tests (servers, proxies, functions) ask for.
type harness struct {
	testing.TB // nil: there is only what is defined here
	ctx        context.Context
	cleanups   []func()
	errs       []error
}

// stopped is what a helper that cannot go on panics with.
type stopped struct{ error }

// underHarness runs fn, and ends what it has started.
func underHarness(ctx context.Context, fn func(h *harness) error) (err error) {
	h := &harness{ctx: ctx}
	defer func() { err = errors.Join(append([]error{err}, h.errs...)...) }()
	defer func() {
		for i := len(h.cleanups) - 1; i >= 0; i-- {
			h.cleanups[i]()
		}
	}()
	defer func() {
		if r := recover(); r != nil {
			s, ok := r.(stopped)
			if !ok {
				panic(r)
			}
			err = s.error
		}
	}()
	return fn(h)
}

func (h *harness) Helper()                  {}
func (h *harness) Context() context.Context { return h.ctx }
func (h *harness) Cleanup(fn func())        { h.cleanups = append(h.cleanups, fn) }
func (h *harness) Error(args ...any)        { h.errs = append(h.errs, errors.New(fmt.Sprint(args...))) }
func (h *harness) Fatal(args ...any)        { panic(stopped{errors.New(fmt.Sprint(args...))}) }
func (h *harness) Skip(args ...any)         { h.Fatal(args...) }

func (h *harness) Errorf(format string, args ...any) { h.Error(fmt.Sprintf(format, args...)) }
func (h *harness) Fatalf(format string, args ...any) { h.Fatal(fmt.Sprintf(format, args...)) }
func (h *harness) Skipf(format string, args ...any)  { h.Fatal(fmt.Sprintf(format, args...)) }

func (h *harness) TempDir() string {
	dir, err := os.MkdirTemp("", "dynasink-bench-")
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			h.Error(err)
		}
	})
	return dir
}
