package mapping

import (
	"reflect"
	"strconv"
	"strings"
)

func (c *compiler) fillScalar(p *plan, key planKey) {
	switch k := p.typ.Kind(); {
	case k == reflect.String:
		p.decode[kindS] = c.cloning(decodeString)
		p.decode[kindN] = c.cloning(decodeNumberText)
	case k == reflect.Bool:
		p.decode[kindBOOL] = decodeBool
	case k >= reflect.Int && k <= reflect.Int64:
		p.number(setInt, key)
	case k >= reflect.Uint && k <= reflect.Uint64:
		p.number(setUint, key)
	case k == reflect.Float32 || k == reflect.Float64:
		lossy := c.options.lossy
		p.number(func(s string, v reflect.Value) error { return setFloat(s, v, lossy) }, key)
		if key.asString {
			p.decode[kindS] = decodeFloatText(p.decode[kindN])
		}
	}
}

// number decodes N, and S if the tag has the option string.
func (p *plan) number(set func(string, reflect.Value) error, key planKey) {
	decode := func(d *decoding, v reflect.Value) error {
		s, err := d.text()
		if err != nil {
			return err
		}
		return set(s, v)
	}
	p.decode[kindN] = decode
	if v := reflect.Zero(p.typ); v.CanInt() {
		p.decode[kindN] = func(d *decoding, v reflect.Value) error {
			if n, ok := d.shortInteger(); ok && !v.OverflowInt(n) {
				v.SetInt(n)
				return nil
			} else if ok {
				return &typeError{from: "number", to: v.Type(), err: strconv.ErrRange}
			}
			return decode(d, v)
		}
	}
	if key.asString {
		p.decode[kindS] = decode
	}
}

// cloning returns decode, or a variant of it that gives the string memory of
// its own.
func (c *compiler) cloning(decode decodeFunc) decodeFunc {
	if !c.options.clone {
		return decode
	}
	return func(d *decoding, v reflect.Value) error {
		err := decode(d, v)
		if err == nil {
			v.SetString(strings.Clone(v.String()))
		}
		return err
	}
}

func decodeString(d *decoding, v reflect.Value) error {
	s, err := d.text()
	if err == nil {
		v.SetString(s)
	}
	return err
}

func decodeNumberText(d *decoding, v reflect.Value) error {
	s, err := d.text()
	if err == nil {
		err = checkNumber(s)
	}
	if err == nil {
		v.SetString(s)
	}
	return err
}

func decodeBool(d *decoding, v reflect.Value) error {
	b, err := d.bool()
	if err == nil {
		v.SetBool(b)
	}
	return err
}

func setInt(s string, v reflect.Value) error {
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v.OverflowInt(i) {
		return numberError(s, v, err)
	}
	v.SetInt(i)
	return nil
}

func setUint(s string, v reflect.Value) error {
	u, err := strconv.ParseUint(s, 10, 64)
	if err != nil || v.OverflowUint(u) {
		return numberError(s, v, err)
	}
	v.SetUint(u)
	return nil
}

// numberError says why s does not fit v, without saying what s is.
func numberError(s string, v reflect.Value, err error) error {
	d, bad := parseDecimal(s)
	switch {
	case bad != nil:
		return bad
	case err == nil || err.(*strconv.NumError).Err == strconv.ErrRange || d.negative:
		err = strconv.ErrRange
	default:
		err = errNotInteger
	}
	return &typeError{from: "number", to: v.Type(), err: err}
}

func setFloat(s string, v reflect.Value, lossy bool) error {
	if f, ok := shortFloat(s); ok && v.Kind() == reflect.Float64 {
		v.SetFloat(f)
		return nil
	}
	f, err := parseFloat(s, v.Type().Bits(), lossy)
	if err != nil {
		return &typeError{from: "number", to: v.Type(), err: err}
	}
	v.SetFloat(f)
	return nil
}

// decodeFloatText decodes S with the option string, which attributevalue
// writes NaN and infinities with.
func decodeFloatText(decode decodeFunc) decodeFunc {
	return func(d *decoding, v reflect.Value) error {
		start := d.i
		s, err := d.text()
		if err != nil {
			return err
		}
		d.i = start
		if checkNumber(s) == errNumber {
			return errOfficial
		}
		return decode(d, v)
	}
}

// parseFloat follows attributevalue in rounding to float64 first, also for a
// float32.
func parseFloat(s string, bits int, lossy bool) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	switch _, bad := parseDecimal(s); {
	case bad != nil:
		return 0, bad
	case err != nil || bits == 32 && reflect.Zero(float32Type).OverflowFloat(f):
		return 0, strconv.ErrRange
	case lossy:
		return f, nil
	case bits == 32:
		f = float64(float32(f))
	}
	if !exactFloat(s, f, bits) {
		return 0, errInexact
	}
	return f, nil
}

var float32Type = reflect.TypeFor[float32]()
