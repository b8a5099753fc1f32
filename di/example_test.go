package di_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/fx"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// A whole main function. In Lambda it serves invocations; elsewhere it is a command that invokes the function on
// event files.
func ExampleRun() {
	type Config struct {
		DatabaseURL string `env:"DATABASE_URL,required"`
	}
	newOrders := func(c Config, lc fx.Lifecycle) (sink.Target[Order], error) {
		// Open the database of c.DatabaseURL here, and close it in an OnStop hook of lc.
		return sink.Func(func(context.Context, []sink.Write[Order]) error { return nil }), nil
	}
	main := func() {
		di.Run(
			di.Configure[Config](),
			fx.Provide(newOrders, NewOrderHandler),
			di.UseStreamEventHandler[*OrderHandler](handler.Needs(handler.NewImage)),
		)
	}
	_ = main
}

// Module gives a test the function that the program's options amount to; here its target is a recorder.
func ExampleUseStreamEventHandler() {
	orders := sinktest.NewRecorder[Order]()
	var function lambda.Handler
	app := fx.New(fx.NopLogger, di.Module(),
		fx.Supply(fx.Annotate(orders, fx.As(new(sink.Target[Order])))),
		fx.Provide(NewOrderHandler), // func NewOrderHandler(orders sink.Target[Order]) *OrderHandler
		di.UseStreamEventHandler[*OrderHandler](handler.Needs(handler.NewImage)),
		fx.Populate(&function),
	)
	if err := app.Err(); err != nil {
		fmt.Println(err)
		return
	}
	response, err := function.Invoke(context.Background(), []byte(event(
		record("orders", 1, "o-1", "placed"),
		record("orders", 2, "o-1", "shipped"),
	)))
	fmt.Println(string(response), err)
	fmt.Println(orders.Upserts())
	// Output:
	// {"batchItemFailures":[]} <nil>
	// [{o-1 placed} {o-1 shipped}]
}

// One struct with the tags of both sides needs no handler.
func ExampleUseMirror() {
	orders := sinktest.NewRecorder[Order]()
	var function lambda.Handler
	fx.New(fx.NopLogger, di.Module(),
		fx.Supply(fx.Annotate(orders, fx.As(new(sink.Target[Order])))),
		di.UseMirror[Order](),
		fx.Populate(&function),
	)
	response, err := function.Invoke(context.Background(), []byte(event(record("orders", 1, "o-1", "placed"))))
	fmt.Println(string(response), err, orders.Upserts())
	// Output: {"batchItemFailures":[]} <nil> [{o-1 placed}]
}

func ExampleConfigure() {
	type Settings struct {
		Region  string        `env:"REGION,required"`
		Timeout time.Duration `env:"TIMEOUT" envDefault:"5s"`
	}
	_ = os.Setenv("ORDERS_REGION", "eu-west-1")
	newTarget := func(s Settings) sink.Target[Order] {
		fmt.Println(s.Region, s.Timeout)
		return sinktest.NewRecorder[Order]()
	}
	var function lambda.Handler
	fx.New(fx.NopLogger, di.Module(),
		di.Configure[Settings](di.EnvPrefix("ORDERS_")),
		fx.Provide(newTarget),
		di.UseMirror[Order](),
		fx.Populate(&function),
	)
	// Output: eu-west-1 5s
}

func ExampleConfigureLogging() {
	var logger *slog.Logger
	fx.New(fx.NopLogger, di.Module(),
		di.ConfigureLogging(func(l *di.Logging) {
			l.Writer = os.Stdout
			l.ReplaceAttr = func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == "timestamp" {
					return slog.Attr{} // for this example: it differs in every run
				}
				return a
			}
		}),
		fx.Supply(&OrderHandler{}),
		di.UseStreamEventHandler[*OrderHandler](),
		fx.Populate(&logger),
	)
	logger.Info("order stored", "rows", 2)
	// Output: level=INFO message="order stored" rows=2
}

// A test of a program's wiring opens no database. This program has forgotten the constructor of its handler.
func ExampleValidate() {
	err := di.Validate(
		di.UseStreamEventHandler[*OrderHandler](),
	)
	fmt.Println(err)
	// Output: di: UseStreamEventHandler[*di_test.OrderHandler] needs *di_test.OrderHandler, which nothing provides: register its constructor with fx.Provide(NewOrderHandler)
}
