package mapping

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// scanner is sql.Scanner.
type scanner interface{ Scan(any) error }

var (
	scannerType       = reflect.TypeFor[scanner]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// convert looks for a way from one type to another, and notes the problems
// within structs itself.
func (b *autoBuilder) convert(path string, from, to reflect.Type) *conversion {
	if c := b.pairs[pair{from, to}]; c != nil {
		return c
	}
	c := &conversion{}
	b.pairs[pair{from, to}] = c
	c.convert = b.find(path, from, to)
	if c.convert == nil {
		c.err = fmt.Errorf("cannot convert %v to %v: override the field", from, to)
	}
	return c
}

func (b *autoBuilder) find(path string, from, to reflect.Type) convertFunc {
	switch {
	case from.AssignableTo(to):
		return func(src, dst reflect.Value) error { dst.Set(src); return nil }
	case from.Kind() == reflect.Pointer:
		return b.fromPointer(path, from, to)
	case to.Kind() == reflect.Pointer:
		return b.toPointer(path, from, to)
	case reflect.PointerTo(to).Implements(scannerType) && to != timeType:
		return toScanner(from)
	case from.ConvertibleTo(timeType) || to.ConvertibleTo(timeType):
		return timeConversion(from, to)
	case from.Implements(textMarshalerType) && to.Kind() == reflect.String:
		return fromText
	case from.Kind() == reflect.String && reflect.PointerTo(to).Implements(textUnmarshalerType):
		return toText
	}
	if f := scalarConversion(from, to); f != nil {
		return f
	}
	return b.containers(path, from, to)
}

func (b *autoBuilder) fromPointer(path string, from, to reflect.Type) convertFunc {
	if from.Elem() == from {
		return nil
	}
	inner := b.checked(path, from.Elem(), to)
	if inner == nil {
		return nil
	}
	return func(src, dst reflect.Value) error {
		if src.IsNil() {
			dst.SetZero()
			return nil
		}
		return inner(src.Elem(), dst)
	}
}

func (b *autoBuilder) toPointer(path string, from, to reflect.Type) convertFunc {
	if to.Elem() == to {
		return nil
	}
	inner := b.checked(path, from, to.Elem())
	if inner == nil {
		return nil
	}
	return func(src, dst reflect.Value) error {
		p := reflect.New(to.Elem())
		if err := inner(src, p.Elem()); err != nil {
			return err
		}
		dst.Set(p)
		return nil
	}
}

func toScanner(from reflect.Type) convertFunc {
	if driverValue(reflect.Zero(from)) == nil {
		return nil
	}
	return func(src, dst reflect.Value) error { return dst.Addr().Interface().(scanner).Scan(driverValue(src)) }
}

// driverValue returns one of the types that a sql.Scanner is given, nil if v
// is of no such type.
func driverValue(v reflect.Value) any {
	switch {
	case v.Type().ConvertibleTo(timeType):
		return v.Convert(timeType).Interface()
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() == reflect.Bool:
		return v.Bool()
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10) // an int64 may be too small
	case v.CanFloat():
		return v.Float()
	case isBytes(v.Type()):
		return append([]byte{}, v.Bytes()...)
	}
	return nil
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

func fromText(src, dst reflect.Value) error {
	b, err := src.Interface().(encoding.TextMarshaler).MarshalText()
	dst.SetString(string(b))
	return err
}

func toText(src, dst reflect.Value) error {
	return dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(src.String()))
}

func (b *autoBuilder) containers(path string, from, to reflect.Type) convertFunc {
	nested := from.Kind() == reflect.Struct || from.Kind() == reflect.Map || from.Kind() == reflect.Slice && !isBytes(from)
	switch {
	case isBytes(from) && isBytes(to):
		return func(src, dst reflect.Value) error { dst.SetBytes(src.Bytes()); return nil }
	case nested && (to.Kind() == reflect.String || isBytes(to)):
		return toPlainJSON
	case from.Kind() == reflect.Struct && to.Kind() == reflect.Struct:
		return b.toStruct(path, from, to)
	case from.Kind() == reflect.Slice && to.Kind() == reflect.Slice:
		return b.toSlice(path, from, to)
	case from.Kind() == reflect.Map && to.Kind() == reflect.Map && from.Key() == to.Key():
		return b.toMap(path, from, to)
	}
	return nil
}

func (b *autoBuilder) toStruct(path string, from, to reflect.Type) convertFunc {
	before := len(b.problems)
	steps := b.steps(path+".", from, autoFields(to, "db", "bson"), nil)
	if len(b.problems) > before {
		return nil
	}
	return func(src, dst reflect.Value) error { return run(steps, src, dst) }
}

func (b *autoBuilder) toSlice(path string, from, to reflect.Type) convertFunc {
	element := b.checked(path+"[]", from.Elem(), to.Elem())
	if element == nil {
		return nil
	}
	return func(src, dst reflect.Value) error {
		if src.IsNil() {
			dst.SetZero()
			return nil
		}
		list := reflect.MakeSlice(to, src.Len(), src.Len())
		for i := range src.Len() {
			if err := element(src.Index(i), list.Index(i)); err != nil {
				return withinIndex(i, valueFree(err))
			}
		}
		dst.Set(list)
		return nil
	}
}

func (b *autoBuilder) toMap(path string, from, to reflect.Type) convertFunc {
	element := b.checked(path+"[]", from.Elem(), to.Elem())
	if element == nil {
		return nil
	}
	return func(src, dst reflect.Value) error {
		if src.IsNil() {
			dst.SetZero()
			return nil
		}
		m := reflect.MakeMapWithSize(to, src.Len())
		for it := src.MapRange(); it.Next(); {
			v := reflect.New(to.Elem()).Elem()
			if err := element(it.Value(), v); err != nil {
				return withinName(fmt.Sprint(it.Key()), valueFree(err))
			}
			m.SetMapIndex(it.Key(), v)
		}
		dst.Set(m)
		return nil
	}
}

// toPlainJSON encodes by attributevalue's rules first, so that names and
// numbers are those of the item.
func toPlainJSON(src, dst reflect.Value) error {
	av, err := encode(src.Interface())
	if err != nil {
		return asError(err)
	}
	text, err := MarshalItem(map[string]types.AttributeValue{"v": av})
	if err == nil {
		text, err = ToJSON(text)
	}
	if err != nil {
		e := err.(*Error)
		e.Path = strings.TrimPrefix(strings.TrimPrefix(e.Path, "v"), ".")
		return e
	}
	text = json.RawMessage(text[len(`{"v":`) : len(text)-len(`}`)])
	if dst.Kind() == reflect.String {
		dst.SetString(string(text))
	} else {
		dst.SetBytes(text)
	}
	return nil
}
