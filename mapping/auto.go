package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// convertFunc sets dst, which can be set, to what src stands for.
type convertFunc func(src, dst reflect.Value) error

// pair is a type and what it is converted to.
type pair struct{ from, to reflect.Type }

// conversion is the result of looking for a convertFunc. It is entered before
// the search is over, since types may contain themselves.
type conversion struct {
	convert convertFunc
	err     error
}

// autoBuilder works out an Auto mapper.
type autoBuilder struct {
	pairs    map[pair]*conversion
	problems []*Error
}

// autoField is a field by the names that Auto knows it by.
type autoField struct {
	index []int
	typ   reflect.Type
	name  string   // in Go
	tags  []string // in the database
}

func (f *autoField) label() string { return append(f.tags, f.name)[0] }

var (
	errNotStructs = errors.New("both types must be structs")
	errNilGet     = errors.New("the function given to Set is nil")
)

func (b *autoBuilder) root(from, to reflect.Type, overrides []override) []step {
	if from.Kind() != reflect.Struct || to.Kind() != reflect.Struct {
		b.problem("", errNotStructs)
		return nil
	}
	fields := autoFields(to, "db", "bson")
	taken := map[string]override{}
	for _, o := range overrides {
		f := find(fields, o.field)
		if f == nil {
			b.problem(o.field, fmt.Errorf("override of a field that %v does not have", to))
			continue
		}
		taken[f.name] = o
	}
	return b.steps("", from, fields, taken)
}

func find(fields []autoField, name string) *autoField {
	for i, f := range fields {
		if f.name == name || slices.Contains(f.tags, name) {
			return &fields[i]
		}
	}
	return nil
}

func (b *autoBuilder) problem(path string, err error) {
	b.problems = append(b.problems, &Error{Path: path, Err: err})
}

// steps fills fields from the fields of a struct type.
func (b *autoBuilder) steps(path string, from reflect.Type, fields []autoField, taken map[string]override) []step {
	sources := autoFields(from, "dynamodbav")
	var steps []step
	for _, f := range fields {
		s := step{name: f.label(), index: f.index}
		o, overridden := taken[f.name]
		if o.ignore {
			continue
		}
		if !overridden {
			source, err := match(sources, f)
			if err != nil {
				b.problem(path+s.name, err)
				continue
			}
			o = source.asItIs()
		}
		if o.get == nil {
			b.problem(path+s.name, errNilGet)
			continue
		}
		s.get = o.get
		if s.convert = b.checked(path+s.name, o.typ, f.typ); s.convert != nil {
			steps = append(steps, s)
		}
	}
	return steps
}

// asItIs is the override that gets what the field holds.
func (f *autoField) asItIs() override {
	index := f.index
	return override{typ: f.typ, get: func(from reflect.Value) (reflect.Value, error) { return at(from, index), nil }}
}

func (b *autoBuilder) checked(path string, from, to reflect.Type) convertFunc {
	before := len(b.problems)
	c := b.convert(path, from, to)
	if c.err != nil {
		if len(b.problems) == before {
			b.problem(path, c.err)
		}
		return nil
	}
	return func(src, dst reflect.Value) error { return c.convert(src, dst) }
}

// match finds the source of a field: by tag, then by Go name, then by a name
// that is the same but for case and underscores.
func match(sources []autoField, f autoField) (autoField, error) {
	for _, same := range []func(autoField) bool{
		func(s autoField) bool { return shares(s.tags, f.tags) },
		func(s autoField) bool { return s.name == f.name },
		func(s autoField) bool { return shares(loose(s), loose(f)) },
	} {
		var found []autoField
		for _, s := range sources {
			if same(s) {
				found = append(found, s)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return f, fmt.Errorf("%s and %s both match: override the field", found[0].name, found[1].name)
		}
	}
	return f, errors.New("no field has this name: override the field, or tag it \"-\"")
}

func shares(a, b []string) bool {
	for _, name := range a {
		if slices.Contains(b, name) {
			return true
		}
	}
	return false
}

func loose(f autoField) (names []string) {
	for _, name := range append([]string{f.name}, f.tags...) {
		names = append(names, strings.ToLower(strings.ReplaceAll(name, "_", "")))
	}
	return names
}

// autoFields lists the exported fields of a struct, those of embedded structs
// included, by the tags with the given keys.
func autoFields(t reflect.Type, keys ...string) (fields []autoField) {
	for _, sf := range reflect.VisibleFields(t) {
		tags, ignored := tagNames(sf.Tag, keys)
		if ignored || !sf.IsExported() || isEmbedded(sf) && len(tags) == 0 || !reachable(t, sf.Index) {
			continue
		}
		fields = append(fields, autoField{index: sf.Index, typ: sf.Type, name: sf.Name, tags: tags})
	}
	return fields
}

func tagNames(tag reflect.StructTag, keys []string) (names []string, ignored bool) {
	for _, key := range keys {
		name, _, _ := strings.Cut(tag.Get(key), ",")
		if name == "-" {
			return nil, true
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return names, false
}

func isEmbedded(sf reflect.StructField) bool {
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return sf.Anonymous && t.Kind() == reflect.Struct && t != timeType
}

// reachable reports whether no unexported embedded pointer, which could not be
// set, and no ignored or tagged struct is on the way to a field.
func reachable(t reflect.Type, index []int) bool {
	for i := 1; i < len(index); i++ {
		outer := t.FieldByIndex(index[:i])
		if outer.Type.Kind() == reflect.Pointer && !outer.IsExported() {
			return false
		}
		if names, ignored := tagNames(outer.Tag, []string{"db", "bson", "dynamodbav"}); ignored || len(names) > 0 {
			return false
		}
	}
	return true
}
