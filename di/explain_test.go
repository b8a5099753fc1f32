package di_test

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

var errRefused = errors.New("connection refused")

func newOrders(*sql.DB) sink.Target[Order]   { return sinktest.NewRecorder[Order]() }
func newRecorder() *sinktest.Recorder[Order] { return sinktest.NewRecorder[Order]() }
func openDB() (*sql.DB, error)               { return nil, errRefused }
func pingDB(*sql.DB)                         {}
func newChicken(Egg) Chicken                 { return Chicken{} }
func newHen() Chicken                        { return Chicken{} }
func newEgg(Chicken) Egg                     { return Egg{} }

type (
	Chicken struct{}
	Egg     struct{}
)

type wholeBatch struct{}

func (wholeBatch) HandleRecords(context.Context, []handler.Entry[Order]) error { return nil }

// misuses are programs that cannot start, and all that they print.
var misuses = []struct {
	name    string
	options fx.Option
	want    string
}{
	{"no handler", fx.Options(),
		`di: no handler is registered; for the records of a DynamoDB stream give di.Run a handler.StreamEventHandler with ` +
			`fx.Provide(NewOrderHandler) and di.UseStreamEventHandler[*OrderHandler](), or di.UseMirror[Order]()`},
	{"no constructor of the handler", di.UseStreamEventHandler[*OrderHandler](),
		`di: UseStreamEventHandler[*di_test.OrderHandler] needs *di_test.OrderHandler, which nothing provides: ` +
			`register its constructor with fx.Provide(NewOrderHandler)`},
	{"a value instead of a pointer", fx.Options(di.UseStreamEventHandler[*OrderHandler](), fx.Supply(OrderHandler{})),
		`di: UseStreamEventHandler[*di_test.OrderHandler] needs *di_test.OrderHandler, which nothing provides: ` +
			`register its constructor with fx.Provide(NewOrderHandler) (there is di_test.OrderHandler: did you mean that?)`},
	{"no constructor of the batch handler", di.UseStreamBatchHandler[wholeBatch](),
		`di: UseStreamBatchHandler[di_test.wholeBatch] needs di_test.wholeBatch, which nothing provides: ` +
			`register its constructor with fx.Provide(newWholeBatch)`},
	{"no function", di.UseStreamEventHandler[handler.StreamEventHandlerFunc[Order]](),
		`di: UseStreamEventHandler[handler.StreamEventHandlerFunc[di_test.Order]] needs handler.StreamEventHandlerFunc[di_test.Order], ` +
			`which nothing provides: register it with fx.Supply, or its constructor with fx.Provide`},
	{"no target of a mirror", di.UseMirror[Order](),
		`di: UseMirror[di_test.Order] needs sink.Target[di_test.Order], which nothing provides: ` +
			`register a constructor of the target with fx.Provide`},
	{"a concrete target", fx.Options(di.UseMirror[Order](), fx.Provide(newRecorder)),
		`di: UseMirror[di_test.Order] needs sink.Target[di_test.Order], which nothing provides: ` +
			`register a constructor of the target with fx.Provide (there is *sinktest.Recorder[di_test.Order], but the container tells ` +
			`types apart exactly: let its constructor return sink.Target[di_test.Order], or annotate it with fx.As(new(sink.Target[di_test.Order])))`},
	{"no target of a handler", fx.Options(di.UseStreamEventHandler[*OrderHandler](), fx.Provide(NewOrderHandler)),
		`di: di_test.NewOrderHandler (fixture_test.go:N) needs sink.Target[di_test.Order], which nothing provides: ` +
			`register a constructor of it with fx.Provide`},
	{"no database of a target", fx.Options(di.UseMirror[Order](), fx.Provide(newOrders)),
		`di: di_test.newOrders (explain_test.go:N) needs *sql.DB, which nothing provides: register a constructor of it with fx.Provide`},
	{"two handlers for one table", fx.Options(orders("orders"), di.UseMirror[Order](handler.ForTable("orders"))),
		`di: UseMirror[di_test.Order] and UseStreamEventHandler[*di_test.OrderHandler] are both for table "orders": ` +
			`a table's stream has one handler`},
	{"two handlers for any table", fx.Options(di.UseStreamEventHandler[*OrderHandler](), di.UseMirror[Order]()),
		`di: UseMirror[di_test.Order] and UseStreamEventHandler[*di_test.OrderHandler] are both for any table: ` +
			`give each its table with handler.ForTable`},
	{"an option for another type", fx.Options(fx.Provide(NewOrderHandler, newOrders),
		di.UseStreamEventHandler[*OrderHandler](handler.Where(func(*handler.Record[Egg]) bool { return true }))),
		`di: UseStreamEventHandler[*di_test.OrderHandler] cannot work: handler: misconfigured (Where): the filter is a ` +
			`func(*handler.Record[github.com/dynasink/dynasink/di_test.Egg]) bool and the handler's records are ` +
			`*handler.Record[github.com/dynasink/dynasink/di_test.Order]`},
	{"a logger of one's own", fx.Options(di.UseMirror[Order](), fx.Provide(newLogger)),
		`di: there are two constructors of *slog.Logger, and one is di's own: change it with di.ConfigureLogging, ` +
			`or put your own in its place with fx.Replace or fx.Decorate`},
	{"two constructors of one type", fx.Options(di.UseMirror[Order](), fx.Provide(newChicken, newHen)),
		`di: di_test.Chicken is provided twice, by di_test.newHen (explain_test.go:N) and by di_test.newChicken (explain_test.go:N): keep one of them`},
	{"two samples", fx.Options(di.UseMirror[Order](), di.SampleEvent(nil), di.SampleEvent(nil)),
		`di: di.sampleEvent is provided twice, by a value or an annotated constructor and by a value or an annotated constructor: keep one of them`},
	{"no constructor", fx.Options(di.UseMirror[Order](), fx.Provide(3)), `di: must provide constructor function, got 3 (type int)`},
	{"a missing dependency of an invoke", fx.Options(orders(""), fx.Supply(&OrderHandler{}), fx.Invoke(pingDB)),
		`di: di_test.pingDB (explain_test.go:N) needs *sql.DB, which nothing provides: register a constructor of it with fx.Provide`},
}

var lineNumber = regexp.MustCompile(`\.go:\d+\)`)

// anyLine makes messages independent of where in its file a function is.
func anyLine(text string) string { return lineNumber.ReplaceAllString(text, ".go:N)") }

func orders(table string) fx.Option {
	return di.UseStreamEventHandler[*OrderHandler](handler.ForTable(table))
}

func TestValidateExplainsMisuse(t *testing.T) {
	t.Parallel()
	for _, test := range misuses {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := di.Validate(test.options)
			if err == nil || anyLine(err.Error()) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestRunExplainsMisuse(t *testing.T) {
	t.Parallel()
	for _, test := range misuses {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := di.NewProgram()
			if status := p.Run(test.options); status != 1 {
				t.Errorf("status %d, want 1", status)
			}
			if got, want := anyLine(p.Stderr()), "bootstrap: cannot start: "+test.want+"\n"; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestValidateCallsNoConstructor(t *testing.T) {
	t.Parallel()
	err := di.Validate(di.UseMirror[Order](), fx.Provide(openDB, newOrders), fx.Invoke(func(*sql.DB) { t.Error("invoked") }),
		fx.WithLogger(func() fxevent.Logger { t.Error("made a logger"); return fxevent.NopLogger }))
	if err != nil {
		t.Error(err)
	}
}

func TestValidateLooksIntoModules(t *testing.T) {
	t.Parallel()
	err := di.Validate(fx.Module("orders", fx.Provide(openDB, newOrders, fx.Private), di.UseMirror[Order]()))
	if err != nil {
		t.Error(err)
	}
}

func TestFailedConstructor(t *testing.T) {
	t.Parallel()
	p := di.NewProgram()
	status := p.Run(di.UseMirror[Order](), fx.Provide(openDB, newOrders))
	want := "bootstrap: cannot start: di: di_test.openDB (explain_test.go:N) failed: connection refused\n"
	if status != 1 || anyLine(p.Stderr()) != want {
		t.Errorf("status %d\ngot  %s\nwant %s", status, p.Stderr(), want)
	}
}

func TestCycle(t *testing.T) {
	t.Parallel()
	err := di.Validate(di.UseMirror[Order](), fx.Provide(newOrders, openDB, newChicken, newEgg), fx.Invoke(func(Egg) {}))
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "di: cycle detected in dependency graph") {
		t.Errorf("got %v", err)
	}
}

func TestCauseIsReachable(t *testing.T) {
	t.Parallel()
	err := di.Validate(fx.Error(errRefused), di.UseMirror[Order]())
	if !errors.Is(err, errRefused) {
		t.Errorf("%v does not wrap the cause", err)
	}
	var config *handler.ConfigError
	err = di.Validate(di.UseMirror[Order](handler.Where(func(*handler.Record[Egg]) bool { return true })))
	if !errors.As(err, &config) || config.Setting != "Where" {
		t.Errorf("%v does not wrap the handler's error", err)
	}
}
