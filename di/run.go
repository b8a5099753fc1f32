package di

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"go.uber.org/fx"
)

// Run is a whole main function. It builds the container, runs all OnStart hooks and then the function that the Use…
// options amount to:
//
//   - in AWS Lambda it serves invocations until Lambda ends the environment. SIGTERM then cancels an invocation that still
//     runs, so that it commits what is done, and OnStop hooks run. Lambda kills the process 500 ms after SIGTERM, so all of
//     it has 400 ms, of which the invocation gets no more than half; fx.StopTimeout changes the 400 ms, for a function with
//     external extensions, which has two seconds.
//     https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
//   - elsewhere it invokes the function on each event file among the arguments and ends; see the package comment.
//
// Run returns when there is nothing left to do and nothing went wrong; else it ends the process with status 1, after one
// line on standard error that says why. It panics only if a constructor does.
//
// Run owns the process: it sets slog.Default to the container's logger, and listens to SIGINT and SIGTERM.
func Run(opts ...fx.Option) {
	p := &program{
		process: thisProcess(), name: filepath.Base(os.Args[0]), args: os.Args[1:], stdin: os.Stdin, terminal: isTerminal(os.Stdin),
		setDefault: setDefault,
		release:    func() { signal.Reset(os.Interrupt, syscall.SIGTERM) },
	}
	if status := p.run(opts...); status != 0 {
		os.Exit(status)
	}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// program is a process with all that it is given from outside.
type program struct {
	process
	name       string
	args       []string
	stdin      io.Reader
	terminal   bool // somebody would have to type what stdin holds
	setDefault func(*slog.Logger)
	release    func() // makes the next signal end the process at once
}

// The exit statuses of a program.
const (
	statusFailed = 1
	statusUsage  = 2
)

func (p *program) run(opts ...fx.Option) (status int) {
	command, err := p.parse()
	if err != nil {
		return p.usage(err)
	}
	app, function, sample, err := p.build(opts)
	if err != nil {
		return p.failed("cannot start: %v", err)
	}
	if err := start(app); err != nil {
		return p.failed("cannot start: %v", err)
	}
	if p.inLambda() {
		return p.serve(app, function)
	}
	return p.invokeAll(app, command, function, sample)
}

// failed prints a failure.
func (p *program) failed(format string, args ...any) int {
	fmt.Fprintf(p.stderr, "%s: %s\n", p.name, fmt.Sprintf(format, args...))
	return statusFailed
}

func (p *program) build(opts []fx.Option) (*fx.App, *function, sampleEvent, error) {
	var (
		f      *function
		uses   []use
		sample sampleParam
	)
	app := fx.New(events, p.timeout(), module(p.process),
		fx.Module("dynasink.run", fx.Invoke(func(c checked, logger *slog.Logger) {
			uses = c.uses
			p.setDefault(logger)
		})),
		fx.Options(opts...),
		fx.Populate(&f, &sample),
	)
	return app, f, sample.Event, explain(app.Err(), uses)
}

// timeout bounds the shutdown in Lambda; the program's own fx.StopTimeout comes later and wins.
func (p *program) timeout() fx.Option {
	if p.inLambda() {
		return fx.StopTimeout(lambdaStopTimeout)
	}
	return fx.Options()
}

func start(app *fx.App) error {
	ctx, cancel := context.WithTimeout(context.Background(), app.StartTimeout())
	defer cancel()
	if err := app.Start(ctx); err != nil {
		return fmt.Errorf("an OnStart hook failed: %w", err)
	}
	return nil
}

// stop runs the OnStop hooks; status is the process's so far.
func (p *program) stop(ctx context.Context, app *fx.App, status int) int {
	if err := app.Stop(ctx); err != nil {
		return p.failed("an OnStop hook failed: %v", err)
	}
	return status
}
