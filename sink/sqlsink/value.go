package sqlsink

import (
	"bytes"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// encoder makes a driver argument of a field. JSON goes as text, because lib/pq sends []byte as bytea and MySQL refuses
// binary strings for JSON.
type encoder func(v reflect.Value, d Dialect) (any, error)

// encoderOf chooses by type, once per column.
func encoderOf(t reflect.Type) (encoder, error) {
	switch {
	case t == timeType:
		return encodeTime, nil
	case t.Kind() == reflect.Interface:
		return encodeInterface, nil
	case t.Implements(valuerType):
		return encodeValuer, nil
	case t.Kind() == reflect.Pointer:
		return encodePointer(t.Elem())
	case reflect.PointerTo(t).Implements(valuerType):
		return addressed(encodeValuer), nil
	case t == reflect.TypeFor[json.RawMessage]():
		return encodeRawJSON, nil
	case t.Implements(textType) && t.Kind() != reflect.String:
		return encodeText, nil
	case reflect.PointerTo(t).Implements(textType) && t.Kind() != reflect.String:
		return addressed(encodeText), nil
	}
	return encoderOfKind(t)
}

func encoderOfKind(t reflect.Type) (encoder, error) {
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value, _ Dialect) (any, error) { return v.String(), nil }, nil
	case reflect.Bool:
		return func(v reflect.Value, _ Dialect) (any, error) { return v.Bool(), nil }, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value, _ Dialect) (any, error) { return v.Int(), nil }, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return encodeUint, nil
	case reflect.Float32:
		return encodeFloat32, nil
	case reflect.Float64:
		return encodeFloat64, nil
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return encodeBytes, nil
		}
		return encodeJSON, nil
	case reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return encodeByteArray, nil
		}
		return encodeJSON, nil
	case reflect.Struct, reflect.Map:
		return encodeJSON, nil
	}
	return nil, fmt.Errorf("a %v cannot be a column", t)
}

// sqliteTime is the text form that both SQLite drivers read back as a time and SQLite's date functions understand:
// https://www.sqlite.org/lang_datefunc.html
const sqliteTime = "2006-01-02 15:04:05.999999999-07:00"

// encodeTime sends UTC; the zero time is NULL only behind a nil pointer. MySQL's driver writes the zero time as the
// invalid date 0000-00-00, and has no years of five digits.
func encodeTime(v reflect.Value, d Dialect) (any, error) {
	t := v.Interface().(time.Time)
	if year := t.UTC().Year(); d == MySQL && (t.IsZero() || year < 1 || year > 9999) {
		return nil, errors.New("MySQL has no such time (the zero time, or one that is not in the years 1 to 9999)")
	}
	return timeArg(t, d), nil
}

func timeArg(t time.Time, d Dialect) any {
	if d == SQLite {
		return t.UTC().Format(sqliteTime)
	}
	return t.UTC()
}

func encodeValuer(v reflect.Value, d Dialect) (any, error) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, nil
	}
	value, err := v.Interface().(driver.Valuer).Value()
	if err != nil {
		return nil, err
	}
	switch value := value.(type) {
	case time.Time:
		return encodeTime(reflect.ValueOf(value), d)
	case float64:
		return floatArg(value, d)
	}
	return value, nil
}

func encodePointer(elem reflect.Type) (encoder, error) {
	encode, err := encoderOf(elem)
	return func(v reflect.Value, d Dialect) (any, error) {
		if v.IsNil() {
			return nil, nil
		}
		return encode(v.Elem(), d)
	}, err
}

// addressed gives encode a pointer to a copy, for methods that take one.
func addressed(encode encoder) encoder {
	return func(v reflect.Value, d Dialect) (any, error) {
		if !v.CanAddr() {
			addressable := reflect.New(v.Type()).Elem()
			addressable.Set(v)
			v = addressable
		}
		return encode(v.Addr(), d)
	}
}

func encodeText(v reflect.Value, _ Dialect) (any, error) {
	if absent(v) {
		return nil, nil
	}
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	return string(text), err
}

// encodeUint sends what does not fit an int64 as digits, which exact columns take without loss. SQLite has no integer of
// that size and would make it a float.
func encodeUint(v reflect.Value, d Dialect) (any, error) {
	n := v.Uint()
	switch {
	case n <= math.MaxInt64:
		return int64(n), nil
	case d == SQLite:
		return nil, errors.New("the number does not fit SQLite's 64-bit signed integer")
	}
	return strconv.FormatUint(n, 10), nil
}

// encodeFloat32 keeps the shortest decimal form: 0.1 stays 0.1 in a double column.
func encodeFloat32(v reflect.Value, d Dialect) (any, error) {
	f, err := strconv.ParseFloat(strconv.FormatFloat(v.Float(), 'g', -1, 32), 64)
	if err != nil {
		return nil, err
	}
	return floatArg(f, d)
}

func encodeFloat64(v reflect.Value, d Dialect) (any, error) { return floatArg(v.Float(), d) }

// floatArg refuses what an engine would change: SQLite makes NaN NULL, MySQL has neither NaN nor infinities.
func floatArg(f float64, d Dialect) (any, error) {
	if math.IsNaN(f) && d != PostgreSQL || math.IsInf(f, 0) && d == MySQL {
		return nil, fmt.Errorf("%v has no number that is not finite", d)
	}
	return f, nil
}

func encodeBytes(v reflect.Value, _ Dialect) (any, error) {
	if v.IsNil() {
		return nil, nil
	}
	return v.Bytes(), nil
}

func encodeByteArray(v reflect.Value, _ Dialect) (any, error) {
	b := make([]byte, v.Len())
	reflect.Copy(reflect.ValueOf(b), v)
	return b, nil
}

func encodeRawJSON(v reflect.Value, _ Dialect) (any, error) {
	if v.Len() == 0 {
		return nil, nil
	}
	return string(v.Bytes()), nil
}

func encodeJSON(v reflect.Value, _ Dialect) (any, error) {
	if absent(v) {
		return nil, nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v.Interface()); err != nil {
		return nil, fmt.Errorf("a %v cannot be encoded as JSON (%T)", v.Type(), err) // its text may hold values
	}
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), nil
}

// absent reports whether v is a nil slice or map, which is NULL.
func absent(v reflect.Value) bool {
	return (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil()
}

// encodeInterface chooses by the dynamic type.
func encodeInterface(v reflect.Value, d Dialect) (any, error) {
	if v.IsNil() {
		return nil, nil
	}
	encode, err := encoderOf(v.Elem().Type())
	if err != nil {
		return nil, err
	}
	return encode(v.Elem(), d)
}
