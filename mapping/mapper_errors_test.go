package mapping

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

func TestAutoReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	type inner struct{ Missing string }
	type item struct {
		A   chan int
		B   []byte
		C   string
		D   struct{ X int }
		E   []chan int
		F1  int `dynamodbav:"f"`
		F_1 int
		G   any
	}
	type row struct {
		A       string
		B       string
		Unknown int
		D       inner
		E       []string
		F1      int `db:"F__1x"`
		G       string
		Fine    string `db:"c"`
	}
	_, err := Auto[item, row](Set("nothing", func(item) (int, error) { return 0, nil }), Set("Fine", func(item) (chan int, error) { return nil, nil }))
	var e *AutoError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	for _, want := range []string{"\n\tA: cannot convert", "\n\tB: ", "\n\tUnknown: no field", "\n\tD.Missing: no field", "\n\tE[]: ", "\n\tG: ", "\n\tnothing: override of", "\n\tc: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if len(e.Problems) != 8 {
		t.Errorf("%d problems: %v", len(e.Problems), err)
	}
	type some struct{ N, M int }
	if _, err := Auto[some, some](Set[some, int]("N", nil)); !errors.As(err, &e) || !errors.Is(err, errNilGet) || len(e.Problems) != 1 || e.Problems[0].Path != "N" {
		t.Errorf("Set without a function: %v", err)
	}
	if _, err := Auto[int, row](); !errors.Is(err, errNotStructs) {
		t.Errorf("from an int: %v", err)
	}
	type ambiguous struct{ UserName, User_Name string }
	if _, err := Auto[ambiguous, struct{ Username string }](); err == nil || !strings.Contains(err.Error(), "both match") {
		t.Errorf("two sources: %v", err)
	}
}

func TestAutoErrorsOfValues(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]func() error{
		"overflow":  func() error { return mapOne[int, int8](57005) },
		"negative":  func() error { return mapOne[int, uint64](-57005) },
		"fraction":  func() error { return mapOne[float64, int](57005.5) },
		"text":      func() error { return mapOne[string, int]("57005x") },
		"digits":    func() error { return mapOne[attributevalue.Number, float64]("57005.0000000000000000001") },
		"lossy int": func() error { return mapOne[int64, float64](math.MaxInt64) },
		"NaN":       func() error { return mapOne[float64, int](math.NaN()) },
		"time":      func() error { return mapOne[string, time.Time]("57005 o'clock") },
		"epoch":     func() error { return mapOne[float64, time.Time](57005e20) },
		"JSON":      func() error { return mapOne[map[string]float64, string](map[string]float64{secret: math.NaN()}) },
		"element":   func() error { return mapOne[[]int, []int8]([]int{1, 57005}) },
		"scan":      func() error { return mapOne[string, sql.NullInt64]("57005x") },
		"panic":     func() error { return mapOne[string, panicText]("57005x") },
	} {
		if err := try(); err == nil || strings.Contains(err.Error(), "57005x") || strings.Contains(err.Error(), "57005.") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type panicText struct{ _ int }

func (*panicText) UnmarshalText(b []byte) error { panic(string(b)) }

// mapOne maps a struct with one field to another.
func mapOne[A, B any](v A) error {
	m, err := Auto[struct{ V A }, struct{ V B }]()
	if err != nil {
		panic(err)
	}
	_, err = m.Map(context.Background(), struct{ V A }{v})
	return err
}

func TestAutoErrorsHavePaths(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"attribute V.a.b[1]: ": mapOne[map[string]map[string][]float64, string](map[string]map[string][]float64{"a": {"b": {1, math.NaN()}}}),
		"attribute V[1]: ":     mapOne[[]int, []int8]([]int{1, 300}),
		"attribute V.a[0]: ":   mapOne[map[string][]int, map[string][]int8](map[string][]int{"a": {300}}),
		"attribute V: ":        mapOne[string, int]("x"),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}
