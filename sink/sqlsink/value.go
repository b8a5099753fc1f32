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

// encoder reads a field. JSON goes as text, because lib/pq sends []byte as bytea and MySQL refuses binary strings for JSON.
type encoder func(v reflect.Value, d Dialect) (datum, error)

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
		return func(v reflect.Value, _ Dialect) (datum, error) { return textOf(v.String()), nil }, nil
	case reflect.Bool:
		return func(v reflect.Value, _ Dialect) (datum, error) { return booleanOf(v.Bool()), nil }, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value, _ Dialect) (datum, error) { return integerOf(v.Int()), nil }, nil
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

// encodeTime sends UTC; the zero time is NULL only behind a nil pointer.
func encodeTime(v reflect.Value, d Dialect) (datum, error) {
	if v.CanAddr() {
		return timeDatum(*v.Addr().Interface().(*time.Time), d)
	}
	return timeDatum(v.Interface().(time.Time), d)
}

// timeDatum refuses what MySQL would change: its driver writes the zero time as the invalid date 0000-00-00, and has no
// years of five digits.
func timeDatum(t time.Time, d Dialect) (datum, error) {
	if year := t.UTC().Year(); d == MySQL && (t.IsZero() || year < 1 || year > 9999) {
		return datum{}, errors.New("MySQL has no such time (the zero time, or one that is not in the years 1 to 9999)")
	}
	return momentOf(t), nil
}

func encodeValuer(v reflect.Value, d Dialect) (datum, error) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return datum{}, nil
	}
	value, err := v.Interface().(driver.Valuer).Value()
	if err != nil {
		return datum{}, err
	}
	return datumOf(value, d)
}

func encodePointer(elem reflect.Type) (encoder, error) {
	encode, err := encoderOf(elem)
	return func(v reflect.Value, d Dialect) (datum, error) {
		if v.IsNil() {
			return datum{}, nil
		}
		return encode(v.Elem(), d)
	}, err
}

// addressed gives encode a pointer to a copy, for methods that take one.
func addressed(encode encoder) encoder {
	return func(v reflect.Value, d Dialect) (datum, error) {
		if !v.CanAddr() {
			addressable := reflect.New(v.Type()).Elem()
			addressable.Set(v)
			v = addressable
		}
		return encode(v.Addr(), d)
	}
}

func encodeText(v reflect.Value, _ Dialect) (datum, error) {
	if absent(v) {
		return datum{}, nil
	}
	marshalled, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	return textOf(string(marshalled)), err
}

// encodeUint sends what does not fit an int64 as digits, which exact columns take without loss. SQLite has no integer of
// that size and would make it a float.
func encodeUint(v reflect.Value, d Dialect) (datum, error) {
	n := v.Uint()
	switch {
	case n <= math.MaxInt64:
		return integerOf(int64(n)), nil
	case d == SQLite:
		return datum{}, errors.New("the number does not fit SQLite's 64-bit signed integer")
	}
	return textOf(strconv.FormatUint(n, 10)), nil
}

// encodeFloat32 keeps the shortest decimal form: 0.1 stays 0.1 in a double column.
func encodeFloat32(v reflect.Value, d Dialect) (datum, error) {
	f, err := strconv.ParseFloat(strconv.FormatFloat(v.Float(), 'g', -1, 32), 64)
	if err != nil {
		return datum{}, err
	}
	return realDatum(f, d)
}

func encodeFloat64(v reflect.Value, d Dialect) (datum, error) { return realDatum(v.Float(), d) }

// realDatum refuses what an engine would change: SQLite makes NaN NULL, MySQL has neither NaN nor infinities.
func realDatum(f float64, d Dialect) (datum, error) {
	if math.IsNaN(f) && d != PostgreSQL || math.IsInf(f, 0) && d == MySQL {
		return datum{}, fmt.Errorf("%v has no number that is not finite", d)
	}
	return realOf(f), nil
}

func encodeBytes(v reflect.Value, _ Dialect) (datum, error) { return bytesDatum(v.Bytes()), nil }

func bytesDatum(b []byte) datum {
	if b == nil {
		return datum{}
	}
	return octetsOf(b)
}

func encodeByteArray(v reflect.Value, _ Dialect) (datum, error) {
	b := make([]byte, v.Len())
	reflect.Copy(reflect.ValueOf(b), v)
	return octetsOf(b), nil
}

func encodeRawJSON(v reflect.Value, _ Dialect) (datum, error) {
	if v.Len() == 0 {
		return datum{}, nil
	}
	return textOf(string(v.Bytes())), nil
}

func encodeJSON(v reflect.Value, _ Dialect) (datum, error) {
	if absent(v) {
		return datum{}, nil
	}
	var marshalled bytes.Buffer
	encoder := json.NewEncoder(&marshalled)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v.Interface()); err != nil {
		return datum{}, fmt.Errorf("a %v cannot be encoded as JSON (%T)", v.Type(), err) // its text may hold values
	}
	return textOf(string(bytes.TrimSuffix(marshalled.Bytes(), []byte("\n")))), nil
}

// absent reports whether v is a nil slice or map, which is NULL.
func absent(v reflect.Value) bool {
	return (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil()
}

// encodeInterface chooses by the dynamic type.
func encodeInterface(v reflect.Value, d Dialect) (datum, error) {
	if v.IsNil() {
		return datum{}, nil
	}
	encode, err := encoderOf(v.Elem().Type())
	if err != nil {
		return datum{}, err
	}
	return encode(v.Elem(), d)
}
