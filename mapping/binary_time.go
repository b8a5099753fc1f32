package mapping

import (
	"encoding/base64"
	"reflect"
	"strconv"
	"time"
)

func decodeBytes(d *decoding, v reflect.Value) error {
	b, err := d.bytes()
	if err == nil {
		v.SetBytes(b)
	}
	return err
}

// bytes reads a binary payload into memory of its own.
func (d *decoding) bytes() ([]byte, error) {
	s, err := d.text()
	if err != nil {
		return nil, err
	}
	b := make([]byte, base64.StdEncoding.DecodedLen(len(s)))
	n, err := decodeBase64(b, s)
	return b[:n], err
}

// decodeBase64 is base64.StdEncoding.Decode from a string.
func decodeBase64(dst []byte, s string) (int, error) {
	b, err := base64.StdEncoding.AppendDecode(dst[:0], []byte(s))
	if err != nil {
		return 0, errBase64
	}
	return len(b), nil
}

func (c *compiler) fillTime(p *plan, key planKey) {
	custom := c.options.decoder.DecodeTime
	if custom.S == nil && !key.asString {
		p.decode[kindS] = decodeTimeText
	}
	if custom.N == nil || key.unixTime {
		p.decode[kindN] = decodeUnixTime
	}
}

func decodeTimeText(d *decoding, v reflect.Value) error {
	s, err := d.text()
	if err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return errTime
	}
	setTime(v, t)
	return nil
}

func decodeUnixTime(d *decoding, v reflect.Value) error {
	if seconds, ok := d.shortInteger(); ok {
		setTime(v, time.Unix(seconds, 0))
		return nil
	}
	s, err := d.text()
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return numberError(s, v, err)
	}
	setTime(v, time.Unix(seconds, 0))
	return nil
}

func setTime(v reflect.Value, t time.Time) {
	if to, ok := v.Addr().Interface().(*time.Time); ok {
		*to = t
		return
	}
	v.Set(reflect.ValueOf(t).Convert(v.Type()))
}
