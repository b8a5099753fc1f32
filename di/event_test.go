package di_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/fx"

	"github.com/dynasink/dynasink/di"
)

type greeting struct {
	Name string `json:"name"`
}

// greeter answers requests.
type greeter struct{ word string }

func newGreeter() *greeter { return &greeter{"hello"} }

func (g *greeter) HandleRequest(_ context.Context, in greeting) (greeting, error) {
	if in.Name == "" {
		return greeting{}, errors.New("no name")
	}
	return greeting{g.word + " " + in.Name}, nil
}

// job handles events without an answer; []string is an event that is an array.
type job struct{ seen *[]string }

func (j job) HandleEvent(_ context.Context, names []string) error {
	*j.seen = append(*j.seen, names...)
	return nil
}

func TestRunOtherEvents(t *testing.T) {
	t.Parallel()
	var seen []string
	p := di.NewProgram(file(t, `["a","b"]`))
	if status := p.Run(fx.Supply(job{&seen}), di.UseEventHandler[job]()); status != 0 || strings.Join(seen, "") != "ab" {
		t.Errorf("status %d, %v, %s", status, seen, p.Stderr())
	}
	p = di.NewProgram(file(t, `{"name":"you"}`), file(t, `{}`))
	status := p.Run(fx.Provide(newGreeter), di.UseRequestHandler[*greeter]())
	if want := `{"name":"hello you"}` + "\n"; status != 1 || p.Stdout() != want || !strings.Contains(p.Stderr(), "no name") {
		t.Errorf("status %d, %q, %s", status, p.Stdout(), p.Stderr())
	}
}

func TestMisusesOfOtherEvents(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		options fx.Option
		want    string
	}{
		{"no constructor", di.UseRequestHandler[*greeter](),
			`di: UseRequestHandler[*di_test.greeter] needs *di_test.greeter, which nothing provides: register its constructor with fx.Provide`},
		{"a nil handler", fx.Options(di.UseRequestHandler[*greeter](), fx.Supply((*greeter)(nil))),
			`di: UseRequestHandler[*di_test.greeter] cannot work: handler: misconfigured (handler): the request handler is nil`},
		{"with a stream", fx.Options(di.UseEventHandler[job](), di.UseMirror[Order]()),
			`di: one function cannot tell apart the events of UseEventHandler[di_test.job] and UseMirror[di_test.Order]: only several ` +
				`streams can share a function (each with handler.ForTable); make a function of its own for every other event`},
		{"two", fx.Options(di.UseEventHandler[job](), di.UseRequestHandler[*greeter]()), `di: one function cannot tell apart the events of ` +
			`UseEventHandler[di_test.job] and UseRequestHandler[*di_test.greeter]: only several ` +
			`streams can share a function (each with handler.ForTable); make a function of its own for every other event`},
	} {
		p := di.NewProgram()
		status := p.Run(test.options)
		if want := "bootstrap: cannot start: " + test.want; status != 1 || !strings.HasPrefix(p.Stderr(), want) {
			t.Errorf("%s: got  %v\nwant %s", test.name, p.Stderr(), want)
		}
	}
}

func ExampleUseRequestHandler() {
	var function lambda.Handler
	fx.New(fx.NopLogger, di.Module(),
		fx.Provide(newGreeter), // *greeter has HandleRequest(context.Context, greeting) (greeting, error)
		di.UseRequestHandler[*greeter](),
		fx.Populate(&function),
	)
	response, err := function.Invoke(context.Background(), []byte(`{"name":"you"}`))
	fmt.Println(string(response), err)
	// Output: {"name":"hello you"} <nil>
}
