package mapping

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

var (
	timeType        = reflect.TypeFor[time.Time]()
	unmarshalerType = reflect.TypeFor[attributevalue.Unmarshaler]()
	marshalerType   = reflect.TypeFor[attributevalue.Marshaler]()

	textUnmarshalerType   = reflect.TypeFor[encoding.TextUnmarshaler]()
	binaryUnmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
)

// field is a struct field that an attribute is decoded into, found by
// attributevalue's rules: Go's rules of embedding, and a tagged field before
// an untagged one of the same depth.
type field struct {
	name   string
	index  []int
	typ    reflect.Type
	tagged bool

	asString bool // option string: numbers travel as S
	unixTime bool // option unixtime: a time travels as seconds in N
	ignored  bool // name "-"
	overflow bool // takes what no other field takes
}

// parseTag reads the tag the way attributevalue does: options add up over
// dynamodbav and the custom tag key, the custom name wins.
func (f *field) parseTag(tag reflect.StructTag, key string) {
	f.parseTagText(tag.Get("dynamodbav"))
	if key != "" && key != "dynamodbav" {
		f.parseTagText(tag.Get(key))
	}
}

func (f *field) parseTagText(text string) {
	if text == "" {
		return
	}
	name, options, _ := strings.Cut(text, ",")
	f.ignored, f.tagged = name == "-", name != "" && name != "-"
	if f.name = name; f.ignored {
		f.name = ""
	}
	for option := range strings.SplitSeq(options, ",") {
		f.asString = f.asString || option == "string"
		f.unixTime = f.unixTime || option == "unixtime"
	}
}

// structFields lists the fields of struct type t in the order of their
// indexes, and by itself the one for the attributes that they do not take, if
// there is one. It is an error if two fields of one depth claim one name:
// attributevalue silently decodes neither.
func structFields(t reflect.Type, key string) (fields []field, overflow *field, err error) {
	all := map[string][]field{}
	seen := map[reflect.Type]bool{}
	for level := []field{{typ: t}}; len(level) > 0; {
		level = nextLevel(level, seen, all, key)
	}
	fields = make([]field, 0, len(all))
	for name, candidates := range all {
		f, ok := dominant(candidates)
		if !ok {
			return nil, nil, fmt.Errorf("type %v: two fields claim the attribute %s", t, pathName(name))
		}
		fields = append(fields, f)
	}
	slices.SortFunc(fields, func(a, b field) int { return slices.Compare(a.index, b.index) })
	return splitOverflow(t, fields)
}

// splitOverflow takes the field of type Overflow out of fields.
func splitOverflow(t reflect.Type, fields []field) ([]field, *field, error) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.overflow })
	if i < 0 {
		return fields, nil, nil
	}
	overflow := fields[i]
	switch fields = slices.Delete(fields, i, i+1); {
	case t.FieldByIndex(overflow.index).Anonymous:
		return nil, nil, fmt.Errorf("type %v embeds mapping.Overflow: give the field a name", t)
	case slices.ContainsFunc(fields, func(f field) bool { return f.overflow }):
		return nil, nil, fmt.Errorf("type %v has two fields of type mapping.Overflow", t)
	}
	return fields, &overflow, nil
}

// nextLevel adds the fields of the structs in level to all and returns the
// embedded structs they lead to.
func nextLevel(level []field, seen map[reflect.Type]bool, all map[string][]field, key string) []field {
	var next []field
	for _, outer := range level {
		if seen[outer.typ] {
			continue
		}
		seen[outer.typ] = true
		twins := count(level, outer.typ)
		for i := range outer.typ.NumField() {
			f, use, embedded := buildField(outer, i, key)
			switch {
			case !use:
			case embedded:
				next = append(next, f)
			default:
				all[f.name] = append(all[f.name], slices.Repeat([]field{f}, min(twins, 2))...)
			}
		}
	}
	return next
}

func count(level []field, t reflect.Type) (n int) {
	for _, f := range level {
		if f.typ == t {
			n++
		}
	}
	return n
}

func buildField(outer field, i int, key string) (f field, use, embedded bool) {
	sf := outer.typ.Field(i)
	f.parseTag(sf.Tag, key)
	if f.ignored || !sf.IsExported() && !sf.Anonymous {
		return f, false, false
	}
	f.index = append(slices.Clone(outer.index), i)
	f.typ = sf.Type
	if f.typ.Name() == "" && f.typ.Kind() == reflect.Pointer {
		f.typ = f.typ.Elem()
	}
	f.overflow = sf.Type == overflowType || sf.Anonymous && f.typ == overflowType
	embedded = sf.Anonymous && !f.tagged && f.typ.Kind() == reflect.Struct && !f.overflow
	if !f.tagged {
		f.name = sf.Name
	}
	return f, true, embedded
}

// dominant picks, of all fields with one name, the one that the rules of
// embedding let through. One that hides an Overflow would lose attributes.
func dominant(candidates []field) (field, bool) {
	f, ok := shallowest(candidates)
	hides := !f.overflow && slices.ContainsFunc(candidates, func(f field) bool { return f.overflow })
	return f, ok && !hides
}

func shallowest(candidates []field) (field, bool) {
	depth := len(candidates[0].index)
	for _, f := range candidates {
		depth = min(depth, len(f.index))
	}
	shallow := slices.DeleteFunc(slices.Clone(candidates), func(f field) bool { return len(f.index) > depth })
	tagged := slices.DeleteFunc(slices.Clone(shallow), func(f field) bool { return !f.tagged })
	switch {
	case len(tagged) == 1:
		return tagged[0], true
	case len(shallow) == 1:
		return shallow[0], true
	}
	return field{}, false
}
