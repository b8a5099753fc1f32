package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/runtimeapi"
)

// function is a program below the folder cold, built as it would be deployed.
type function struct {
	name      string
	bootstrap string
	options   []runtimeapi.Option
	starts    []sample
	first     []float64 // the peak of its memory after one large batch, in MB
	warm      []float64 // and after four
}

// coldSuite measures what a function costs that starts: the time to its first response, the size of its binary, and its
// memory after batches as large as Lambda makes them.
func coldSuite(o options) error {
	return underHarness(o.ctx, func(h *harness) error {
		var functions []*function
		var d *database
		for _, name := range []string{"bare", "usual", "handler", "di", "postgres"} {
			if name != "bare" && !o.run.MatchString("cold/"+name) {
				continue
			}
			progress("building cold/%s", name)
			f := &function{name: name, bootstrap: runtimeapi.Build(h, filepath.Join("cold", name))}
			if name == "postgres" {
				var err error
				if d, err = newDatabase(h, name); err != nil {
					return err
				}
				if err := d.fill(h.ctx, rowsBefore); err != nil {
					return err
				}
				f.options = append(f.options, runtimeapi.Env("DATABASE_URL", d.engine.DSN))
			}
			functions = append(functions, f)
		}
		return measureFunctions(o, functions, d)
	})
}

// measureFunctions starts each function once per round, in random order.
func measureFunctions(o options, functions []*function, d *database) error {
	rounds, large := 31, 5
	if o.quick {
		rounds, large = 11, 2
	}
	history := newHistory()
	if d != nil {
		history = d.history
	}
	for round := range rounds {
		for _, i := range rand.Perm(len(functions)) {
			f := functions[i]
			err := underHarness(o.ctx, func(h *harness) error {
				running, err := f.start(h, history)
				if err == nil && round < large {
					err = f.load(h.ctx, running, history)
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("cold/%s: %w", f.name, err)
			}
		}
	}
	for _, f := range functions {
		if err := f.print(functions[0].starts); err != nil {
			return err
		}
	}
	return nil
}

// start starts the function and waits for its first answer.
func (f *function) start(h *harness, history *history) (*runtimeapi.Function, error) {
	b := history.fresh(1)
	b.encode()
	begin := time.Now()
	running := runtimeapi.Start(h, f.bootstrap, append(f.options, runtimeapi.Timeout(time.Minute))...)
	err := succeed(h.ctx, running, b.payload)
	f.starts = append(f.starts, sample{time: time.Since(begin)})
	return running, err
}

// load gives the function batches of 6 MB.
func (f *function) load(ctx context.Context, running *runtimeapi.Function, history *history) error {
	for _, to := range []*[]float64{&f.first, nil, nil, &f.warm} {
		b := largest(history)
		if err := succeed(ctx, running, b.payload); err != nil {
			return err
		}
		if to == nil {
			continue
		}
		peak, err := peakMemory(f.bootstrap)
		if err != nil {
			return err
		}
		*to = append(*to, peak)
	}
	return nil
}

func succeed(ctx context.Context, f *runtimeapi.Function, payload []byte) error {
	answer, err := f.Invoke(ctx, payload)
	if err == nil && string(answer.Payload) != `{"batchItemFailures":[]}` {
		err = fmt.Errorf("response %.200s", answer.Payload)
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, f.Logs())
	}
	return nil
}

// largest is a batch of just below the 6 MB that an invocation's payload may have.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
func largest(h *history) batch {
	const most = 6 << 20
	b := h.fresh(1)
	b.encode()
	for b = h.mix(most / len(b.payload)); ; b.changes = b.changes[:len(b.changes)*most/len(b.payload)] {
		if b.encode(); len(b.payload) <= most {
			return b
		}
	}
}

// peakMemory is the most memory, in MB, that the process of a binary has had in RAM.
func peakMemory(binary string) (float64, error) {
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return 0, err
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != binary {
			continue // another's, or gone meanwhile
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(link), "status"))
		if err != nil {
			return 0, err
		}
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			return 0, fmt.Errorf("%s does not tell its peak", link)
		}
		kb, err := strconv.ParseFloat(fields[0], 64)
		return kb / 1024, err
	}
	return 0, fmt.Errorf("no process of %s", binary)
}

func (f *function) print(bare []sample) error {
	info, err := os.Stat(f.bootstrap)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("cold/%s start_ms=%.2f", f.name, nanoseconds(f.starts)/1e6)
	if f.name != "bare" {
		over := medianOf(len(bare), func(i int) float64 { return float64(f.starts[i].time - bare[i].time) })
		line += fmt.Sprintf(" over_bare_ms=%.2f", over/1e6)
	}
	fmt.Printf("%s size_mb=%.1f rss_mb=%.1f rss_warm_mb=%.1f\n", line, float64(info.Size())/1e6,
		medianOf(len(f.first), func(i int) float64 { return f.first[i] }), medianOf(len(f.warm), func(i int) float64 { return f.warm[i] }))
	return nil
}
