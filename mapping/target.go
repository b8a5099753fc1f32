package mapping

import (
	"fmt"
	"reflect"
)

// checkTarget refuses a type that no item can be decoded into.
func checkTarget(t reflect.Type, key string) error {
	if implements(t) {
		return nil
	}
	base := t
	for range MaxDepth { // type P *P has no end
		if base.Kind() == reflect.Pointer {
			base = base.Elem()
		}
	}
	switch {
	case implements(base):
		return nil
	case base.Kind() == reflect.Struct && !base.ConvertibleTo(timeType) && base != overflowType:
		_, err := checkStruct(base, key, map[reflect.Type]bool{})
		return err
	case base.Kind() == reflect.Map:
	case base.Kind() == reflect.Interface && base.NumMethod() == 0:
	default:
		return fmt.Errorf("no item can be decoded into Go type %v", t)
	}
	return checkFields(base, key, map[reflect.Type]bool{})
}

func implements(t reflect.Type) bool {
	return t.Implements(unmarshalerType) || reflect.PointerTo(t).Implements(unmarshalerType)
}

// checkFields looks for clashing fields in all structs within t, which is not
// the item itself.
func checkFields(t reflect.Type, key string, seen map[reflect.Type]bool) error {
	if seen[t] || implements(t) {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return checkFields(t.Elem(), key, seen)
	case reflect.Struct:
		if t.ConvertibleTo(timeType) {
			return nil
		}
		overflow, err := checkStruct(t, key, seen)
		if err == nil && (overflow != nil || t == overflowType) {
			err = fmt.Errorf("type %v: a mapping.Overflow must be a field of the struct that items decode into", t)
		}
		return err
	}
	return nil
}

func checkStruct(t reflect.Type, key string, seen map[reflect.Type]bool) (overflow *field, err error) {
	fields, overflow, err := structFields(t, key)
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		if err := checkFields(f.typ, key, seen); err != nil {
			return nil, err
		}
	}
	return overflow, nil
}
