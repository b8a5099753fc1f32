package mapping

import (
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

// elementKinds says what the elements of a set are.
var elementKinds = map[kind]kind{kindSS: kindS, kindNS: kindN, kindBS: kindB}

func (c *compiler) fillSlice(p *plan) {
	element := c.element(p.typ.Elem())
	if p.typ.Elem().Kind() == reflect.Uint8 {
		p.decode[kindB] = decodeBytes
	}
	s := &slicePlan{plan: element}
	p.decode[kindL] = s.list
	for set, k := range elementKinds {
		if decode := element.decode[k]; decode != nil {
			p.decode[set] = func(d *decoding, v reflect.Value) error { return s.set(d, v, decode) }
		}
	}
}

// slicePlan decodes lists and sets into a slice.
type slicePlan struct {
	plan *plan
	// size is the length of the latest one, a guess at that of the next.
	size atomic.Int32
}

const maxGuess = 64

func (s *slicePlan) list(d *decoding, v reflect.Value) error {
	if err := d.enter(); err != nil {
		return err
	}
	err := s.array(d, v, func(e reflect.Value) error { return d.value(s.plan, e) })
	d.leave()
	return err
}

func (s *slicePlan) set(d *decoding, v reflect.Value, decode decodeFunc) error {
	n := 0
	err := s.array(d, v, func(e reflect.Value) error { n++; return decode(d, e) })
	if err == nil && n == 0 {
		return errEmptySet
	}
	return err
}

// array decodes the array at which d stands. Like attributevalue it decodes
// into the elements that v has room for already.
func (s *slicePlan) array(d *decoding, v reflect.Value, element func(reflect.Value) error) error {
	if v.IsNil() {
		return s.fresh(d, v, element)
	}
	n, err := d.count()
	if err != nil {
		return err
	}
	if v.Cap() < n {
		v.Set(reflect.MakeSlice(v.Type(), 0, n))
	}
	i := 0
	return d.array(func() error {
		i++
		v.SetLen(i)
		return element(v.Index(i - 1))
	})
}

func (s *slicePlan) fresh(d *decoding, v reflect.Value, element func(reflect.Value) error) error {
	n := 0
	err := d.array(func() error {
		if n == v.Cap() {
			v.Grow(max(1, n, int(s.size.Load())-n))
		}
		n++
		v.SetLen(n)
		return element(v.Index(n - 1))
	})
	if err == nil && n == 0 {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	if size := int32(min(n, maxGuess)); err == nil && s.size.Load() != size {
		s.size.Store(size)
	}
	return err
}

// count returns how many elements the array at which d stands has, and stays
// there. Elements that are no good are found when they are decoded.
func (d *decoding) count() (n int, err error) {
	start := d.parser
	err = d.array(func() error { n++; return d.skip() })
	d.parser = start
	return n, err
}

func (c *compiler) fillArray(p *plan) {
	element := c.element(p.typ.Elem())
	p.decode[kindL] = func(d *decoding, v reflect.Value) error {
		i := 0
		return d.elements(func() error {
			if i == v.Len() { // attributevalue drops what does not fit
				return d.pass()
			}
			i++
			return d.value(element, v.Index(i-1))
		})
	}
	for set, k := range elementKinds {
		if decode := element.decode[k]; decode != nil {
			p.decode[set] = func(d *decoding, v reflect.Value) error { return decodeArray(d, v, k, decode) }
		}
	}
}

func decodeArray(d *decoding, v reflect.Value, k kind, decode decodeFunc) error {
	i := 0
	err := d.array(func() error {
		if i++; i > v.Len() {
			return d.passPayload(k)
		}
		return decode(d, v.Index(i-1))
	})
	if err == nil && i == 0 {
		return errEmptySet
	}
	return err
}

func (c *compiler) fillMap(p *plan) {
	if p.typ.Key().Kind() != reflect.String || keyDecodesItself(p.typ.Key()) {
		c.fillOddMap(p)
		return
	}
	element := c.element(p.typ.Elem())
	p.decode[kindM] = func(d *decoding, v reflect.Value) error {
		switch m := v.Addr().Interface().(type) {
		case *map[string]string:
			return decodeMap(d, m, d.textValue)
		case *map[string]any:
			return decodeMap(d, m, d.any)
		}
		return d.mapOf(element, v, func(name string, key reflect.Value) error {
			key.SetString(d.own(name))
			return nil
		})
	}
}

// decodeMap is mapOf for the most common maps, without reflection.
func decodeMap[V any](d *decoding, m *map[string]V, value func() (V, error)) error {
	if *m == nil {
		*m = map[string]V{}
	}
	return d.members(func(name string) error {
		v, err := value()
		(*m)[d.own(name)] = v
		return err
	})
}

// textValue decodes an attribute value into a string.
func (d *decoding) textValue() (s string, err error) {
	start := d.i
	k, err := d.open()
	if err != nil {
		return "", err
	}
	switch k {
	case kindS:
		s, err = d.ownText()
	case kindN:
		var n attributevalue.Number
		n, err = d.exactNumber()
		s = string(n)
	default:
		d.i = start
		odd := new(string)
		err := d.value(textPlan, reflect.ValueOf(odd).Elem())
		return *odd, err
	}
	if err != nil {
		return "", err
	}
	return s, d.close()
}

// textPlan handles what seldom goes into a string: NULL does, the rest is an
// error of AWS's decoder.
var textPlan = &plan{typ: reflect.TypeFor[string](), decode: [kinds]decodeFunc{kindNULL: decodeNull}}

func keyDecodesItself(t reflect.Type) bool {
	return t.Implements(textUnmarshalerType) || reflect.PointerTo(t).Implements(textUnmarshalerType)
}

// fillOddMap has AWS's decoder decode the keys, as those of a map without
// values.
func (c *compiler) fillOddMap(p *plan) {
	element := c.element(p.typ.Elem())
	keys := reflect.MapOf(p.typ.Key(), reflect.TypeFor[struct{}]())
	p.decode[kindM] = func(d *decoding, v reflect.Value) error {
		return d.mapOf(element, v, func(name string, key reflect.Value) error {
			m := reflect.New(keys)
			if err := official(mapWithKey(strings.Clone(name)), m.Interface(), d.options); err != nil {
				return err
			}
			for it := m.Elem().MapRange(); it.Next(); {
				key.Set(it.Key())
			}
			return nil
		})
	}
}

// mapOf decodes an M into the map v. Values are new ones, not those that v
// has already.
func (d *decoding) mapOf(element *plan, v reflect.Value, setKey func(string, reflect.Value) error) error {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	return d.members(func(name string) error {
		value.SetZero()
		if err := setKey(name, key); err != nil {
			return err
		}
		if err := d.value(element, value); err != nil {
			return err
		}
		v.SetMapIndex(key, value)
		return nil
	})
}
