package mongosink

import (
	"reflect"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// declares reports whether documents of type t have a top-level field of this name, as far as the type tells: known is false
// for maps and for types that encode themselves, unless the field is found beside them.
func declares(t reflect.Type, name string) (known, has bool) {
	has = slices.Contains(fieldNames(t), name)
	return has || structured(t), has
}

// structured reports whether the type tells all top-level fields.
func structured(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || encodesItself(t) {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); inlined(f) && !structured(f.Type) {
			return false
		}
	}
	return true
}

// fieldNames lists the top-level fields that a struct type tells, by the driver's names: bson tags, or field names in lower
// case.
func fieldNames(t reflect.Type) (names []string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || encodesItself(t) {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("bson"), ",")
		switch {
		case tag == "-" || !f.IsExported() && !f.Anonymous:
		case inlined(f):
			names = append(names, fieldNames(f.Type)...)
		case tag == "":
			names = append(names, strings.ToLower(f.Name))
		default:
			names = append(names, tag)
		}
	}
	return names
}

func inlined(f reflect.StructField) bool {
	_, options, _ := strings.Cut(f.Tag.Get("bson"), ",")
	return slices.Contains(strings.Split(options, ","), "inline")
}

func encodesItself(t reflect.Type) bool {
	marshaler, valueMarshaler := reflect.TypeFor[bson.Marshaler](), reflect.TypeFor[bson.ValueMarshaler]()
	p := reflect.PointerTo(t)
	return p.Implements(marshaler) || p.Implements(valueMarshaler)
}
