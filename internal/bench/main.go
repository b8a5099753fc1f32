// Command bench measures this module against the usual ways, side by side in
// one process:
//
//	go run -C internal/bench . NAME [-quick]
//
// It prints one line per case on standard output, with figures that a program
// can read, and its progress on standard error. Compare ratios (x_..., of_...)
// rather than times: they are medians over interleaved rounds, so that what
// else the machine does hits all routes alike.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// suites are what can be measured, by name.
var suites = map[string]func(quick bool) error{
	"decode": decodeSuite,
	"mongo":  func(quick bool) error { return mongoSuite(context.Background(), quick) },
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "fewer rounds: ends within 50 s")
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
	for _, name := range names {
		suite := suites[name]
		if suite == nil {
			return fmt.Errorf("no suite %q; there is %s", name, strings.Join(suiteNames(), ", "))
		}
		if err := suite(*quick); err != nil {
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
