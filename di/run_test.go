package di_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/fx"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// hooks records the order in which things happen.
type hooks struct{ happened []string }

func (h *hooks) note(what string) func() {
	return func() { h.happened = append(h.happened, what) }
}

func TestRunOrder(t *testing.T) {
	t.Parallel()
	var h hooks
	write := func(context.Context, []sink.Write[Order]) error { h.note("write")(); return nil }
	p := di.NewProgram(file(t, event(record("orders", 1, "a", "new")))).Default(func(*slog.Logger) { h.note("log")() })
	status := p.Run(
		fx.Provide(func(lc fx.Lifecycle) sink.Target[Order] {
			h.note("construct")()
			lc.Append(fx.StartStopHook(h.note("start"), h.note("stop")))
			return sink.Func(write)
		}),
		di.UseMirror[Order](),
		fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StartStopHook(h.note("start last"), h.note("stop first"))) }),
	)
	want := []string{"log", "construct", "start", "start last", "write", "stop first", "stop"}
	got := slices.Clone(h.happened)
	slices.Sort(got)
	slices.Sort(want)
	if status != 0 || !slices.Equal(got, want) {
		t.Errorf("status %d, %v", status, h.happened)
	}
	at := func(what string) int { return slices.Index(h.happened, what) }
	if at("log") != 0 || at("construct") > at("start") || at("start last") > at("write") || at("write") > at("stop") {
		t.Errorf("order: %v", h.happened)
	}
}

func TestRunReportsFailedHooks(t *testing.T) {
	t.Parallel()
	fails := func(context.Context) error { return errRefused }
	for want, hook := range map[string]fx.Hook{
		"bootstrap: cannot start: an OnStart hook failed: connection refused\n": {OnStart: fails},
		"bootstrap: an OnStop hook failed: connection refused\n":                {OnStop: fails},
	} {
		p := di.NewProgram(file(t, event()))
		status := p.Run(replicate(sinktest.NewRecorder[Order]()), fx.Invoke(func(lc fx.Lifecycle) { lc.Append(hook) }))
		if status != 1 || p.Stderr() != want {
			t.Errorf("status %d, %q, want %q", status, p.Stderr(), want)
		}
	}
}

func TestRunRoutesStreams(t *testing.T) {
	t.Parallel()
	orders, others, any := sinktest.NewRecorder[Order](), sinktest.NewRecorder[other](), sinktest.NewRecorder[rest]()
	p := di.NewProgram(file(t, event(record("orders", 1, "a", "new"))), file(t, event(record("others", 2, "b", "new"))),
		file(t, event(record("x", 3, "c", "new"))))
	status := p.Run(
		target(orders), di.UseMirror[Order](handler.ForTable("orders")),
		fx.Supply(fx.Annotate(others, fx.As(new(sink.Target[other])))), di.UseMirror[other](handler.ForTable("others")),
		fx.Supply(fx.Annotate(any, fx.As(new(sink.Target[rest])))), di.UseMirror[rest](),
	)
	if status != 0 || ids(orders.Upserts()) != "a" || len(others.Upserts()) != 1 || len(any.Upserts()) != 1 {
		t.Errorf("status %d: %v %v %v\n%s", status, orders.Upserts(), others.Upserts(), any.Upserts(), p.Stderr())
	}
}

type (
	other Order
	rest  Order
)

func TestModuleWithoutRun(t *testing.T) {
	t.Parallel()
	var function lambda.Handler
	app := fx.New(fx.NopLogger, di.Module(), fx.Supply(wholeBatch{}), di.UseStreamBatchHandler[wholeBatch](), fx.Populate(&function))
	if err := app.Err(); err != nil {
		t.Fatal(err)
	}
	response, err := function.Invoke(t.Context(), []byte(event(record("orders", 1, "a", "new"))))
	if err != nil || string(response)+"\n" != done {
		t.Errorf("%s, %v", response, err)
	}
	if _, err := function.Invoke(t.Context(), []byte(`[]`)); err == nil {
		t.Error("a bare array is for local use only")
	}
}
