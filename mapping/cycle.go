package mapping

import "reflect"

// cyclic reports whether v contains itself through a pointer, map or slice.
// attributevalue's encoder recurses until the process dies on such a value,
// which no recover stops.
func cyclic(v any) bool {
	w := cycleWalk{}
	return w.visit(reflect.ValueOf(v))
}

// cycleWalk holds the references on the way from the root to the value being
// visited.
type cycleWalk map[reference]bool

type reference struct {
	pointer uintptr
	length  int
	typ     reflect.Type
}

func (w cycleWalk) visit(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface:
		return !v.IsNil() && w.visit(v.Elem())
	case reflect.Pointer, reflect.Map, reflect.Slice:
		return !v.IsNil() && mayNest(v.Type().Elem().Kind()) && w.enter(v)
	}
	return w.inside(v)
}

func mayNest(k reflect.Kind) bool {
	switch k {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Struct, reflect.Array:
		return true
	}
	return false
}

func (w cycleWalk) enter(v reflect.Value) bool {
	ref := reference{pointer: v.Pointer(), typ: v.Type()}
	if v.Kind() == reflect.Slice {
		ref.length = v.Len()
	}
	if w[ref] {
		return true
	}
	w[ref] = true
	defer delete(w, ref)
	return w.inside(v)
}

func (w cycleWalk) inside(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return w.visit(v.Elem())
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if w.visit(it.Value()) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if w.visit(v.Index(i)) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if isEncoded(v.Type().Field(i)) && w.visit(v.Field(i)) {
				return true
			}
		}
	}
	return false
}

// isEncoded reports whether attributevalue looks into a field: a parent
// pointer that it never sees makes no cycle.
func isEncoded(sf reflect.StructField) bool {
	f := field{}
	f.parseTag(sf.Tag, "")
	encodesItself := sf.Type.Implements(marshalerType) || reflect.PointerTo(sf.Type).Implements(marshalerType)
	return !f.ignored && (sf.IsExported() || sf.Anonymous) && !encodesItself && !sf.Type.ConvertibleTo(timeType)
}
