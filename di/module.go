package di

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/caarlos0/env/v11"
	"go.uber.org/fx"

	"github.com/dynasink/dynasink/handler"
)

// Module is what [Run] adds to a program's own options: it provides *slog.Logger (see [ConfigureLogging]) and the
// lambda.Handler that the Use… options amount to. With it a test, or a program with an fx application of its own, has
// the function without running it:
//
//	var function lambda.Handler
//	app := fxtest.New(t, di.Module(), options, fx.Populate(&function))
//	response, err := function.Invoke(ctx, event)
func Module() fx.Option { return module(thisProcess()) }

// process is the part of the operating system that the module looks at.
type process struct {
	env            map[string]string
	stdout, stderr io.Writer
}

func thisProcess() process {
	return process{env: env.ToMap(os.Environ()), stdout: os.Stdout, stderr: os.Stderr}
}

// inLambda reports whether the process runs in AWS Lambda (or an emulator of its Runtime API):
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
func (p process) inLambda() bool { return p.env["AWS_LAMBDA_RUNTIME_API"] != "" }

func module(p process) fx.Option {
	return fx.Module("dynasink",
		fx.Supply(p),
		fx.Provide(
			fx.Annotate(newLogger, fx.ParamTags(``, `group:"dynasink.logging"`)),
			fx.Annotate(checkUses, fx.ParamTags(`group:"dynasink.uses"`)),
			fx.Annotate(checkConfig, fx.ParamTags(`group:"dynasink.config"`)),
			newFunction,
			func(f *function) lambda.Handler { return f },
		),
		fx.Invoke(func(checked, configured) {}), // before the constructors that the program's own fx.Invoke call for
	)
}

// function is the whole Lambda function.
type function struct {
	lambda.Handler
	stream bool // its events are those of DynamoDB streams
}

// checked are the program's Use… options, which do not contradict each other.
type checked struct{ uses []use }

// configured says that every [Configure] has found what it needs.
type configured struct{}

// parts are built in this order, so that what is missing is told before what it was needed for fails.
type parts struct {
	fx.In
	Checked    checked
	Configured configured
	Entries    []entry `group:"dynasink.entries"`
}

func newFunction(p parts) (*function, error) {
	var streams handler.Streams
	for _, e := range p.Entries {
		if err := e.validate(); err != nil {
			return nil, startErrorf("di: %s cannot work: %w", e.use.name, err)
		}
		if e.other != nil {
			return &function{Handler: e.other}, nil // checked: it is the only one
		}
		streams = append(streams, e.stream)
	}
	return &function{Handler: streams, stream: true}, nil
}

func checkUses(uses []use) (checked, error) {
	slices.SortFunc(uses, func(a, b use) int { return strings.Compare(a.name+a.table, b.name+b.table) })
	errs := []error{mixed(uses)}
	for i, u := range uses {
		if u.err != nil {
			errs = append(errs, startErrorf("di: %s cannot work: %w", u.name, u.err))
		}
		for _, other := range uses[:i] {
			errs = append(errs, clash(other, u))
		}
	}
	return checked{uses}, together(errs)
}

// mixed reports a number or a mixture of handlers that cannot be one Lambda function.
func mixed(uses []use) error {
	names := make([]string, len(uses))
	others := 0
	for i, u := range uses {
		names[i] = u.name
		if !u.stream {
			others++
		}
	}
	switch {
	case len(uses) == 0:
		return startErrorf("di: no handler is registered; for the records of a DynamoDB stream give di.Run a handler.StreamEventHandler " +
			"with fx.Provide(NewOrderHandler) and di.UseStreamEventHandler[*OrderHandler](), or di.UseMirror[Order]()")
	case others > 0 && len(uses) > 1:
		return startErrorf("di: one function cannot tell apart the events of %s: only several streams can share a function "+
			"(each with handler.ForTable); make a function of its own for every other event", strings.Join(names, " and "))
	}
	return nil
}

func clash(a, b use) error {
	if !a.stream || !b.stream || a.table != b.table {
		return nil
	}
	if a.table == "" {
		return startErrorf("di: %s and %s are both for any table: give each its table with handler.ForTable", a.name, b.name)
	}
	return startErrorf("di: %s and %s are both for table %q: a table's stream has one handler", a.name, b.name, a.table)
}

// startError is a complete explanation of why the program cannot start: the container's own words need not surround it.
type startError struct {
	text  string
	cause error
}

func startErrorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &startError{err.Error(), errors.Unwrap(err)}
}

// together is one error of all that are not nil.
func together(errs []error) error {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return &startError{strings.Join(texts, "; "), errors.Join(errs...)}
}

func (e *startError) Error() string { return e.text }
func (e *startError) Unwrap() error { return e.cause }

// Validate reports what would keep [Run] from starting with opts, without calling a constructor or a hook: a missing
// handler or dependency, two handlers for one table, an option that does not fit. Environment variables are not looked
// at. It makes a unit test of a program's wiring:
//
//	func TestWiring(t *testing.T) {
//		if err := di.Validate(options()); err != nil {
//			t.Fatal(err)
//		}
//	}
func Validate(opts ...fx.Option) error {
	user, uses := fx.Options(opts...), []use(nil)
	stop := errors.New("stop") // the options are checked by a real container that stops before the first constructor
	plan := fx.New(quiet,
		fx.Module("dynasink.plan", fx.Invoke(func(c checked) error { uses = c.uses; return stop })),
		module(thisProcess()), user, quiet)
	if err := plan.Err(); !errors.Is(err, stop) {
		return explain(err, uses)
	}
	var f *function
	err := fx.ValidateApp(quiet, module(thisProcess()), user, quiet, fx.Populate(&f))
	return explain(err, uses)
}
