// Command bench measures this module against the usual ways, side by side in
// one process:
//
//	go run -C internal/bench . NAME [-quick] [-run REGEXP]
//
// It prints one line per case on standard output, with figures that a program
// can read, and its progress on standard error. Compare ratios (x_..., of_...)
// rather than times: they are medians over interleaved rounds, so that what
// else the machine does hits all routes alike.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"

	"github.com/dynasink/dynasink/internal/e2e/servers"
)

// options are what the command line says.
type options struct {
	ctx      context.Context // ends with an interrupt
	quick    bool
	redpanda bool           // measure Redpanda Connect as well
	run      *regexp.Regexp // of the cases to measure, where a suite has many
}

// suites are what can be measured, by name.
var suites = map[string]func(o options) error{
	"decode": func(o options) error { return decodeSuite(o.quick) },
	"write":  writeSuite,
	"e2e":    endToEndSuite,
	"cold":   coldSuite,
	"mongo":  mongoSuite,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := errors.Join(run(ctx, os.Args[1:]), servers.End()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o := options{ctx: ctx, run: regexp.MustCompile("")}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.BoolVar(&o.quick, "quick", false, "fewer cases and rounds: ends within 50 s")
	flags.BoolVar(&o.redpanda, "redpanda", false, "e2e: measure Redpanda Connect too, where it can be: postgres, 1000 records")
	flags.Func("run", "measure the `cases` of write, e2e, cold and mongo that match", func(text string) (err error) {
		o.run, err = regexp.Compile(text)
		return err
	})
	profile := flags.String("cpuprofile", "", "write a profile to `file`; its samples of write and e2e are tagged with their route")
	var names []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return err
		}
		if args = flags.Args(); len(args) > 0 {
			names, args = append(names, args[0]), args[1:]
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("say what to measure: %s", strings.Join(suiteNames(), ", "))
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	return measureSuites(o, names)
}

func measureSuites(o options, names []string) error {
	for _, name := range names {
		suite := suites[name]
		if suite == nil {
			return fmt.Errorf("no suite %q; there is %s", name, strings.Join(suiteNames(), ", "))
		}
		if err := suite(o); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func suiteNames() []string {
	var names []string
	for name := range suites {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
