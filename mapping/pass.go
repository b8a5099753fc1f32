package mapping

import (
	"encoding/base64"

	"github.com/dynasink/dynasink/internal/streamjson"
)

// pass checks the attribute value at which d stands as strictly as decoding it
// would, and passes over it.
func (d *decoding) pass() error {
	k, err := d.open()
	if err != nil {
		return err
	}
	if err := d.passPayload(k); err != nil {
		return err
	}
	return d.close()
}

func (d *decoding) passPayload(k kind) error {
	switch k {
	case kindS:
		return d.passText()
	case kindN:
		return d.passNumber()
	case kindB:
		return d.passBinary()
	case kindBOOL, kindNULL:
		_, err := d.bool()
		return err
	case kindM:
		return d.members(func(string) error { return d.pass() })
	case kindL:
		return d.elements(d.pass)
	}
	return d.passSet(k)
}

func (d *decoding) passText() error {
	if !d.accept('"') {
		return d.damage(errNotString)
	}
	end, _, err := streamjson.ScanString(d.s, d.i)
	d.i = end + 1
	return err
}

func (d *decoding) passNumber() error {
	s, err := d.text()
	if err != nil {
		return err
	}
	return checkNumber(s)
}

func (d *decoding) passBinary() error {
	s, err := d.text()
	if err != nil {
		return err
	}
	if d.buf, err = base64.StdEncoding.AppendDecode(d.buf[:0], []byte(s)); err != nil {
		return errBase64
	}
	return nil
}

func (d *decoding) passSet(k kind) error {
	element := map[kind]func() error{kindSS: d.passText, kindNS: d.passNumber, kindBS: d.passBinary}[k]
	n := 0
	err := d.array(func() error { n++; return element() })
	if err == nil && n == 0 {
		return errEmptySet
	}
	return err
}

// members calls value for each attribute of the M at which d stands.
func (d *decoding) members(value func(name string) error) error {
	if !d.accept('{') {
		return d.damage(errNotMap)
	}
	if err := d.enter(); err != nil {
		return err
	}
	mark := len(d.names)
	if d.space(); !d.accept('}') {
		for more := true; more; {
			name, err := d.name()
			if err != nil {
				return err
			}
			d.names = append(d.names, name)
			if err := value(name); err != nil {
				return withinName(name, err)
			}
			if more, err = d.more('}'); err != nil {
				return err
			}
		}
	}
	d.leave()
	if name, twice := d.names.pop(mark); twice {
		return withinName(name, errDuplicate)
	}
	return nil
}

// elements calls element for each element of the L at which d stands.
func (d *decoding) elements(element func() error) error {
	if err := d.enter(); err != nil {
		return err
	}
	err := d.array(element)
	d.leave()
	return err
}

// array calls element for each element of the array at which d stands.
func (d *decoding) array(element func() error) error {
	if !d.accept('[') {
		return d.damage(errNotArray)
	}
	if d.space(); d.accept(']') {
		return nil
	}
	for i, more := 0, true; more; i++ {
		d.space()
		err := element()
		if err != nil && err != errOfficial {
			return withinIndex(i, err)
		}
		if err != nil {
			return err
		}
		if more, err = d.more(']'); err != nil {
			return err
		}
	}
	return nil
}
