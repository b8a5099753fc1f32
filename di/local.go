package di

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.uber.org/fx"

	"github.com/dynasink/dynasink/handler"
)

// SampleEvent is the event that the program is invoked on outside of Lambda when its command line names none, typically
// embedded from a file:
//
//	//go:embed event.json
//	var event []byte
//
//	di.Run(di.SampleEvent(event), …)
//
// Without it such a program reads standard input. In Lambda it has no effect.
func SampleEvent(event []byte) fx.Option { return fx.Supply(sampleEvent(event)) }

type sampleEvent []byte

type sampleParam struct {
	fx.In
	Event sampleEvent `optional:"true"` // fx.Supply needs nothing, so that optional hides no reason
}

// command is what the command line asks for.
type command struct {
	timeout time.Duration
	names   []string // of event files; "-" is standard input
}

func (p *program) parse() (command, error) {
	var c command
	if p.inLambda() {
		return c, nil
	}
	flags := flag.NewFlagSet(p.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&c.timeout, "timeout", 0, "")
	err := flags.Parse(p.args)
	c.names = flags.Args()
	return c, err
}

// usage tells how to call the program; err is flag.ErrHelp if that is what was asked for.
func (p *program) usage(err error) int {
	status := 0
	if !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(p.stderr, "%s: %v\n", p.name, err)
		status = statusUsage
	}
	fmt.Fprintf(p.stderr, `Usage: %s [-timeout DURATION] [EVENT.json ...]
Invokes the Lambda function on each event file ("-" is standard input) and prints its responses.
  -timeout DURATION  the deadline of each invocation, such as 3s; the default is none
`, p.name)
	return status
}

// invokeAll invokes the function on every event, stops it and returns the exit status.
func (p *program) invokeAll(app *fx.App, c command, f *function, sample sampleEvent) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	end, done := app.Wait(), make(chan int)
	go func() { done <- p.invokeEach(ctx, c, f, sample) }()
	status := 0
	select {
	case status = <-done:
	case signal := <-end:
		p.release()
		cancel()
		status = max(<-done, signal.ExitCode)
	}
	stop, cancelStop := context.WithTimeout(context.Background(), app.StopTimeout())
	defer cancelStop()
	return p.stop(stop, app, status)
}

// invokeEach goes on with the next event after one that failed.
func (p *program) invokeEach(ctx context.Context, c command, f *function, sample sampleEvent) int {
	names := c.names
	switch {
	case len(names) > 0:
	case sample != nil:
		return p.invoke(ctx, c, f, "the sample event", sample)
	default:
		names = []string{"-"}
	}
	status := 0
	for _, name := range names {
		event, err := p.read(ctx, name)
		if err != nil {
			status = p.failed("%v", err)
			continue
		}
		status = max(status, p.invoke(ctx, c, f, name, event))
	}
	return status
}

// read reads an event file. Reading standard input ends with ctx, because nobody may ever close it.
func (p *program) read(ctx context.Context, name string) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%s: not invoked: %w", name, ctx.Err())
	}
	if name != "-" {
		return os.ReadFile(name)
	}
	if p.terminal {
		fmt.Fprintf(p.stderr, "%s: reading an event from standard input; to invoke the function on files, name them\n", p.name)
	}
	var event []byte
	var err error
	read := make(chan struct{})
	go func() { defer close(read); event, err = io.ReadAll(p.stdin) }()
	select {
	case <-read:
		return event, err
	case <-ctx.Done():
		return nil, fmt.Errorf("standard input: %w", ctx.Err())
	}
}

// invoke prints the response as one line and returns whether anything failed.
func (p *program) invoke(ctx context.Context, c command, f *function, name string, event []byte) int {
	ctx, cancel := p.invocation(ctx, c.timeout)
	defer cancel()
	if f.stream {
		event = records(event)
	}
	response, err := f.Invoke(ctx, event)
	if err != nil {
		return p.failed("%s: %v", name, err)
	}
	var line bytes.Buffer
	if json.Compact(&line, response) != nil {
		line.Reset()
		line.Write(response)
	}
	fmt.Fprintf(p.stdout, "%s\n", line.Bytes())
	if someFailed(response) {
		return statusFailed
	}
	return 0
}

// invocation returns a context as Lambda makes one, with a request id that no other invocation has.
func (p *program) invocation(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       requestID(),
		InvokedFunctionArn: "arn:aws:lambda:local:000000000000:function:" + p.name,
	})
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// requestID returns a random UUID (version 4), which is what Lambda's request ids are.
func requestID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// records makes an event of a bare array of stream records, as articles and consoles print them.
func records(event []byte) []byte {
	if trimmed := bytes.TrimSpace(event); len(trimmed) > 0 && trimmed[0] == '[' {
		return fmt.Appendf(nil, `{"Records":%s}`, trimmed)
	}
	return event
}

func someFailed(response []byte) bool {
	var r handler.Response
	return json.Unmarshal(response, &r) == nil && len(r.BatchItemFailures) > 0
}
