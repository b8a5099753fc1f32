package di_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.uber.org/fx"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// replicate is the program of most of these tests.
func replicate(to *sinktest.Recorder[Order]) fx.Option {
	return fx.Options(target(to), fx.Provide(NewOrderHandler), di.UseStreamEventHandler[*OrderHandler](handler.Needs(handler.NewImage)))
}

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func ids(orders []Order) string {
	var ids []string
	for _, o := range orders {
		ids = append(ids, o.ID)
	}
	return strings.Join(ids, " ")
}

func TestRunInvokesEventFiles(t *testing.T) {
	t.Parallel()
	to := sinktest.NewRecorder[Order]()
	one := file(t, event(record("orders", 1, "a", "new")))
	array := file(t, " \n["+record("orders", 2, "b", "new")+"]\n")
	p := di.NewProgram(one, "-", array).Stdin(strings.NewReader(event(record("orders", 3, "c", "new"))), false)
	if status := p.Run(replicate(to)); status != 0 || p.Stdout() != done+done+done || p.Stderr() != "" {
		t.Errorf("status %d, stdout %q, stderr %q", status, p.Stdout(), p.Stderr())
	}
	if got := ids(to.Upserts()); got != "a c b" {
		t.Errorf("upserts %s", got)
	}
}

func TestRunReportsFailedRecords(t *testing.T) {
	t.Parallel()
	to := sinktest.NewRecorder[Order]()
	p := di.NewProgram(
		file(t, event(record("orders", 1, "a", "new"), record("orders", 2, "b", "bad"), record("orders", 3, "c", "new"))),
		file(t, event(record("orders", 4, "d", "new"))),
	)
	status := p.Run(replicate(to))
	if want := `{"batchItemFailures":[{"itemIdentifier":"000000000000000000002"}]}` + "\n" + done; status != 1 || p.Stdout() != want {
		t.Errorf("status %d, stdout %s, want 1 and %s", status, p.Stdout(), want)
	}
	if got := ids(to.Upserts()); got != "a d" {
		t.Errorf("upserts %s", got)
	}
	if !strings.Contains(p.Stderr(), "a bad order") || !strings.Contains(p.Stderr(), "requestId=") {
		t.Errorf("the reason is not in the log: %s", p.Stderr())
	}
}

func TestRunReportsFailedInvocations(t *testing.T) {
	t.Parallel()
	broken, other := file(t, `{"Records":`), file(t, `{"detail-type":"Scheduled Event"}`)
	missing := filepath.Join(t.TempDir(), "missing.json")
	good := file(t, event(record("orders", 4, "d", "new")))
	p := di.NewProgram(broken, missing, other, good)
	if status := p.Run(replicate(sinktest.NewRecorder[Order]())); status != 1 || p.Stdout() != done {
		t.Errorf("status %d, stdout %q", status, p.Stdout())
	}
	for _, want := range []string{broken + ": handler: ", missing + ": no such file", other + ": handler: misconfigured"} {
		if !strings.Contains(p.Stderr(), want) {
			t.Errorf("%q is missing in\n%s", want, p.Stderr())
		}
	}
}

func TestRunWithoutArguments(t *testing.T) {
	t.Parallel()
	sample := di.SampleEvent([]byte(event(record("orders", 1, "sample", "new"))))
	input := event(record("orders", 2, "input", "new"))
	for _, test := range []struct {
		name     string
		args     []string
		options  fx.Option
		terminal bool
		want     string
		hint     bool
	}{
		{name: "sample", options: sample, want: "sample"},
		{name: "standard input", options: fx.Options(), want: "input"},
		{name: "standard input by name", args: []string{"-"}, options: sample, want: "input"},
		{name: "a terminal", options: fx.Options(), terminal: true, want: "input", hint: true},
	} {
		to := sinktest.NewRecorder[Order]()
		p := di.NewProgram(test.args...).Stdin(strings.NewReader(input), test.terminal)
		status := p.Run(test.options, replicate(to))
		if got := ids(to.Upserts()); status != 0 || got != test.want || (p.Stderr() != "") != test.hint {
			t.Errorf("%s: status %d, upserts %q, stderr %q", test.name, status, got, p.Stderr())
		}
	}
}

func TestRunUsage(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]int{"-h": 0, "-verbose": 2, "-timeout=soon": 2} {
		p := di.NewProgram(arg)
		status := p.Run(fx.Invoke(func() { t.Error("built the container") }))
		if status != want || !strings.Contains(p.Stderr(), "Usage: bootstrap [-timeout DURATION] [EVENT.json ...]") {
			t.Errorf("%s: status %d, want %d; %s", arg, status, want, p.Stderr())
		}
	}
}

// probe records the context of its invocations.
type probe struct{ contexts []context.Context }

func (p *probe) HandleRecord(ctx context.Context, _ *handler.Record[Order], _ *sink.Batch) error {
	p.contexts = append(p.contexts, ctx)
	return nil
}

func TestRunMakesAnInvocationContext(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"-timeout", "1m"}} {
		var seen probe
		name := file(t, event(record("orders", 1, "a", "new")))
		p := di.NewProgram(append(args, name, name)...)
		if status := p.Run(fx.Supply(&seen), di.UseStreamEventHandler[*probe]()); status != 0 {
			t.Fatal(p.Stderr())
		}
		first, _ := lambdacontext.FromContext(seen.contexts[0])
		second, _ := lambdacontext.FromContext(seen.contexts[1])
		uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
		if !uuid.MatchString(first.AwsRequestID) || first.AwsRequestID == second.AwsRequestID {
			t.Errorf("request ids %q and %q", first.AwsRequestID, second.AwsRequestID)
		}
		if _, has := seen.contexts[0].Deadline(); has != (args != nil) {
			t.Errorf("%v: has deadline: %v", args, has)
		}
	}
}

// interrupted ends its program in the middle of a batch, as Ctrl-C does.
type interrupted struct {
	*OrderHandler
	fx.Shutdowner
}

func (h interrupted) HandleRecord(ctx context.Context, rec *handler.Record[Order], batch *sink.Batch) error {
	if rec.Keys.ID == "b" {
		if err := h.Shutdown(); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}
	return h.OrderHandler.HandleRecord(ctx, rec, batch)
}

func TestInterruptCommitsWhatIsDone(t *testing.T) {
	t.Parallel()
	to := sinktest.NewRecorder[Order]()
	batch := event(record("orders", 1, "a", "new"), record("orders", 2, "b", "new"), record("orders", 3, "c", "new"))
	p := di.NewProgram(file(t, batch), file(t, event(record("orders", 4, "d", "new"))))
	status := p.Run(target(to), di.UseStreamEventHandler[interrupted](), fx.Provide(NewOrderHandler,
		func(h *OrderHandler, s fx.Shutdowner) interrupted { return interrupted{h, s} }))
	want := `{"batchItemFailures":[{"itemIdentifier":"000000000000000000002"}]}` + "\n"
	if status != 1 || p.Stdout() != want || ids(to.Upserts()) != "a" {
		t.Errorf("status %d, stdout %s, upserts %s", status, p.Stdout(), ids(to.Upserts()))
	}
	if !strings.Contains(p.Stderr(), "not invoked: context canceled") {
		t.Errorf("the second event is not mentioned: %s", p.Stderr())
	}
}

func TestInterruptEndsReading(t *testing.T) {
	t.Parallel()
	input, write := io.Pipe()
	defer write.Close()
	p := di.NewProgram().Stdin(input, false)
	status := p.Run(replicate(sinktest.NewRecorder[Order]()), fx.Invoke(func(lc fx.Lifecycle, s fx.Shutdowner) {
		lc.Append(fx.StartHook(func() {
			go func() { _, _ = write.Write([]byte("{")); _ = s.Shutdown() }() // while the program reads
		}))
	}))
	if status != 1 || !strings.Contains(p.Stderr(), "standard input: context canceled") {
		t.Errorf("status %d, %s", status, p.Stderr())
	}
}
