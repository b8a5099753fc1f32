package mapping

import (
	"math"
	"reflect"
	"strconv"
	"time"
)

// scalarConversion converts between strings, numbers and booleans.
func scalarConversion(from, to reflect.Type) convertFunc {
	text, number := from.Kind() == reflect.String, isNumber(from)
	switch {
	case text && to.Kind() == reflect.String:
		return func(src, dst reflect.Value) error { dst.SetString(src.String()); return nil }
	case from.Kind() == reflect.Bool && to.Kind() == reflect.Bool:
		return func(src, dst reflect.Value) error { dst.SetBool(src.Bool()); return nil }
	case number && to.Kind() == reflect.String:
		return func(src, dst reflect.Value) error { dst.SetString(numberText(src)); return nil }
	case (text || number) && isNumber(to):
		return func(src, dst reflect.Value) error { return setNumber(numberText(src), dst) }
	}
	return nil
}

func isNumber(t reflect.Type) bool {
	v := reflect.Zero(t)
	return t.Kind() != reflect.Uintptr && (v.CanInt() || v.CanUint() || v.CanFloat())
}

// numberText writes a number as its shortest decimal form, a string as it is.
func numberText(v reflect.Value) string {
	switch {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, v.Type().Bits())
	}
	return v.String()
}

// setNumber goes by the decimal text, so that no way from one number type to
// another can change the number.
func setNumber(s string, dst reflect.Value) error {
	switch {
	case dst.CanInt():
		return setInt(s, dst)
	case dst.CanUint():
		return setUint(s, dst)
	}
	return setFloat(s, dst, false)
}

// firstMillisecond is the count from which on a time is in milliseconds.
const firstMillisecond = 1e11

func timeConversion(from, to reflect.Type) convertFunc {
	switch {
	case from.ConvertibleTo(timeType) && to.ConvertibleTo(timeType):
		return func(src, dst reflect.Value) error { dst.Set(src.Convert(to)); return nil }
	case from.Kind() == reflect.String && to.ConvertibleTo(timeType):
		return func(src, dst reflect.Value) error { return setTimeText(src.String(), dst) }
	case isNumber(from) && to.ConvertibleTo(timeType):
		return func(src, dst reflect.Value) error { return setEpoch(numberText(src), dst) }
	case from.ConvertibleTo(timeType) && to.Kind() == reflect.String:
		return func(src, dst reflect.Value) error {
			dst.SetString(src.Convert(timeType).Interface().(time.Time).Format(time.RFC3339Nano))
			return nil
		}
	case from.ConvertibleTo(timeType) && isNumber(to):
		return func(src, dst reflect.Value) error {
			return setNumber(strconv.FormatInt(src.Convert(timeType).Interface().(time.Time).Unix(), 10), dst)
		}
	}
	return nil
}

// setTimeText takes text that is a number, as attributevalue.Number is, for
// seconds or milliseconds.
func setTimeText(s string, dst reflect.Value) error {
	if checkNumber(s) == nil {
		return setEpoch(s, dst)
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return errTime
	}
	setTime(dst, t)
	return nil
}

func setEpoch(s string, dst reflect.Value) error {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && math.Abs(float64(n)) >= firstMillisecond {
		setTime(dst, time.UnixMilli(n).UTC())
		return nil
	}
	if err == nil {
		setTime(dst, time.Unix(n, 0).UTC())
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.Abs(f) >= firstMillisecond || checkNumber(s) != nil {
		return &typeError{from: "number", to: dst.Type(), err: strconv.ErrRange}
	}
	whole, fraction := math.Modf(f)
	setTime(dst, time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000).UTC())
	return nil
}
