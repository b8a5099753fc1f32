package mapping

import (
	"context"
	"fmt"
	"reflect"
	"strings"
)

// Mapper turns a From, such as an item as DynamoDB holds it, into a To, such as
// a row as the database holds it. Implementations are safe for concurrent use,
// and do not keep from. An error means that this from can never be mapped, so
// it is of no use to try again: package handler treats an *Error that a handler
// returns as permanent, wrapped or not, unless it is marked otherwise.
type Mapper[From, To any] interface {
	Map(ctx context.Context, from From) (To, error)
}

// MapperFunc is a function that is a Mapper.
type MapperFunc[From, To any] func(ctx context.Context, from From) (To, error)

// Map calls f.
func (f MapperFunc[From, To]) Map(ctx context.Context, from From) (To, error) { return f(ctx, from) }

// Auto returns a Mapper that fills the fields of struct To from the fields of
// struct From that have the same name. It works out everything at once: the
// error, of type *AutoError, lists every field of To that has no source or a
// source of a type that does not convert, so a program that starts has no such
// field.
//
// A field of To goes by its db tag, its bson tag and its Go name, one of From
// by its dynamodbav tag and its Go name. Equal tags come before equal Go names,
// and these before names that are equal but for case and underscores. A field
// of To that is tagged "-" is left alone. Fields of embedded structs count as
// fields.
//
// Values convert as follows; what does not fit (overflow, a fraction into an
// integer, lost digits) is an *Error with To's field as its path.
//
//	from                     to
//	-----------------------  -------------------------------------------------------
//	T                        T, *T, an interface that T implements
//	*T                       like T; nil becomes nil, or else the zero value
//	any number               any number, if it stands for the same number; string
//	string, Number           any number; time.Time (RFC 3339); TextUnmarshaler
//	any number, Number       time.Time, in UTC: seconds since 1970, or milliseconds
//	                         if there are at least 1e11 of them (as seconds, that
//	                         is the year 5138)
//	time.Time                integer (seconds since 1970), string (RFC 3339)
//	TextMarshaler            string
//	slice, set               slice, element by element
//	map                      map, value by value, if the keys have one type
//	struct                   struct, by these rules
//	struct, map, slice       string, []byte, json.RawMessage: plain JSON, with the
//	                         names that the attributes have in the item
//	string, number, bool,    anything with a method Scan(any) error, such as
//	[]byte, time.Time        sql.NullString or a decimal type
func Auto[From, To any](overrides ...Override[From]) (Mapper[From, To], error) {
	from, to := reflect.TypeFor[From](), reflect.TypeFor[To]()
	b := autoBuilder{pairs: map[pair]*conversion{}}
	steps := b.root(from, to, erase(overrides))
	if len(b.problems) > 0 {
		return nil, &AutoError{From: from, To: to, Problems: b.problems}
	}
	return &autoMapper[From, To]{steps}, nil
}

// Override has Auto treat one field of To in another way.
type Override[From any] struct {
	field  string
	ignore bool
	typ    reflect.Type
	get    func(From) (reflect.Value, error)
}

// Set fills a field of To with what get returns, converted by Auto's rules.
// The field is named by its db tag, bson tag or Go name. A nil get is an error
// of Auto.
func Set[From, V any](field string, get func(From) (V, error)) Override[From] {
	o := Override[From]{field: field, typ: reflect.TypeFor[V]()}
	if get != nil {
		o.get = func(from From) (reflect.Value, error) {
			v, err := get(from)
			return reflect.ValueOf(&v).Elem(), err
		}
	}
	return o
}

// Ignore leaves a field of To at its zero value.
func Ignore[From any](field string) Override[From] { return Override[From]{field: field, ignore: true} }

// AutoError lists all that is wrong with an Auto mapper.
type AutoError struct {
	From, To reflect.Type
	Problems []*Error // each has the field of To as its path
}

// Error has one line for each problem.
func (e *AutoError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "mapping: cannot map %v to %v:", e.From, e.To)
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "\n\t%s: %v", p.Path, p.Err)
	}
	return b.String()
}

// Unwrap returns the problems.
func (e *AutoError) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}

// override is an Override without From.
type override struct {
	field  string
	ignore bool
	typ    reflect.Type
	get    func(from reflect.Value) (reflect.Value, error)
}

func erase[From any](overrides []Override[From]) []override {
	erased := make([]override, len(overrides))
	for i, o := range overrides {
		erased[i] = override{field: o.field, ignore: o.ignore, typ: o.typ}
		if o.get != nil {
			erased[i].get = func(from reflect.Value) (reflect.Value, error) {
				return o.get(*from.Addr().Interface().(*From))
			}
		}
	}
	return erased
}

type autoMapper[From, To any] struct{ steps []step }

func (m *autoMapper[From, To]) Map(_ context.Context, from From) (to To, err error) {
	defer func() {
		if recover() != nil { // a method of the user's types
			err = fail(errPanic)
		}
	}()
	src, dst := reflect.ValueOf(&from).Elem(), reflect.ValueOf(&to).Elem()
	err = run(m.steps, src, dst)
	return to, err
}

// step fills one field of a struct.
type step struct {
	name    string
	get     func(from reflect.Value) (reflect.Value, error)
	index   []int
	convert convertFunc
}

func run(steps []step, from, to reflect.Value) error {
	for i := range steps {
		s := &steps[i]
		src, err := s.get(from)
		if err == nil && src.IsValid() {
			err = s.convert(src, reach(to, s.index))
		}
		if err != nil {
			return withinName(s.name, valueFree(err))
		}
	}
	return nil
}

// reach returns a field of v, making embedded pointers point to something.
func reach(v reflect.Value, index []int) reflect.Value {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}

// at returns a field of v; it is invalid behind a nil embedded pointer.
func at(v reflect.Value, index []int) reflect.Value {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}
