package mongosink

import (
	"reflect"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// declares reports whether documents of type t have a top-level field of this name, as far as the type tells: known is false
// for maps and for types that encode themselves. The names are the driver's: bson tags, or field names in lower case.
func declares(t reflect.Type, name string) (known, has bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || encodesItself(t) {
		return false, false
	}
	known = true
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("bson"), ",")
		switch {
		case tag == "-" || !f.IsExported() && !f.Anonymous:
		case strings.Contains(","+options+",", ",inline,"):
			k, h := declares(f.Type, name)
			known, has = known && k, has || h
		case tag == name, tag == "" && strings.ToLower(f.Name) == name:
			has = true
		}
	}
	return known || has, has
}

func encodesItself(t reflect.Type) bool {
	marshaler, valueMarshaler := reflect.TypeFor[bson.Marshaler](), reflect.TypeFor[bson.ValueMarshaler]()
	p := reflect.PointerTo(t)
	return p.Implements(marshaler) || p.Implements(valueMarshaler)
}
