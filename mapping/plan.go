package mapping

import (
	"reflect"
	"sync"
)

// kind is one of the ten attribute types.
type kind uint8

const (
	kindS kind = iota
	kindN
	kindB
	kindBOOL
	kindNULL
	kindM
	kindL
	kindSS
	kindNS
	kindBS
	kinds // how many there are
)

var kindNames = [kinds]string{"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}

func kindOf(tag string) (kind, bool) {
	for k, name := range kindNames {
		if name == tag {
			return kind(k), true
		}
	}
	return 0, false
}

// A decodeFunc decodes the payload of an attribute value, at which d stands,
// into v, and leaves d behind it. It may return errOfficial, having changed
// nothing but d's position, to have AWS's decoder do it.
type decodeFunc func(d *decoding, v reflect.Value) error

// plan says how the attribute values of each type are decoded into one Go
// type. A nil decodeFunc leaves it to AWS's decoder: that is the rule for all
// pairs that this package is not sure to decode alike.
type plan struct {
	typ    reflect.Type
	decode [kinds]decodeFunc
	// wrap is a struct type with one field that has typ and the tag's options,
	// for AWS's decoder, if there are options.
	wrap reflect.Type
}

// planKey tells plans apart: the options of a field's tag change how its type
// is decoded, though not how the elements of the type are.
type planKey struct {
	typ      reflect.Type
	asString bool
	unixTime bool
}

// compiler builds the plans of one set of options. Plans refer to each other,
// as types do.
type compiler struct {
	options *options
	plans   map[planKey]*plan
}

// compiled holds the compilers' results by root type, for the options that
// can be compared; the others are compiled once per Decoder.
var compiled sync.Map // of compiledKey to *plan

type compiledKey struct {
	typ    reflect.Type
	lossy  bool
	clone  bool
	tagKey string
	number bool
	text   bool
	sets   bool
}

func planFor(t reflect.Type, o *options) (*plan, error) {
	key := compiledKey{t, o.lossy, o.clone, o.tagKey(), o.decoder.UseNumber, o.decoder.UseEncodingUnmarshalers, o.decoder.FixUnmarshalIndividualSetValues}
	custom := o.decoder.DecodeTime.S != nil || o.decoder.DecodeTime.N != nil
	if p, ok := compiled.Load(key); ok && !custom {
		return p.(*plan), nil
	}
	if err := checkTarget(t, o.tagKey()); err != nil {
		return nil, fail(err)
	}
	c := compiler{options: o, plans: map[planKey]*plan{}}
	p := c.plan(planKey{typ: t})
	if !custom {
		compiled.Store(key, p)
	}
	return p, nil
}

func (c *compiler) plan(key planKey) *plan {
	if p := c.plans[key]; p != nil {
		return p
	}
	p := &plan{typ: key.typ}
	c.plans[key] = p
	if key.asString || key.unixTime {
		p.wrap = wrapType(key)
	}
	if c.foreign(key.typ) {
		return p
	}
	p.decode[kindNULL] = decodeNull
	c.fill(p, key)
	return p
}

func (c *compiler) element(t reflect.Type) *plan { return c.plan(planKey{typ: t}) }

// foreign reports whether values of type t decode themselves, or hold a
// pointer to one that does.
func (c *compiler) foreign(t reflect.Type) bool {
	for depth := 0; ; t = t.Elem() {
		if c.decodesItself(t) || depth > MaxDepth {
			return true
		}
		if t.Kind() != reflect.Pointer {
			return t.Kind() == reflect.Interface && t.NumMethod() > 0
		}
		depth++
	}
}

func (c *compiler) decodesItself(t reflect.Type) bool {
	if implements(t) {
		return true
	}
	if !c.options.decoder.UseEncodingUnmarshalers {
		return false
	}
	p := reflect.PointerTo(t)
	return p.Implements(textUnmarshalerType) || p.Implements(binaryUnmarshalerType)
}

// wrapType returns struct { F typ `dynamodbav:"F,string,unixtime"` }.
func wrapType(key planKey) reflect.Type {
	tag := `dynamodbav:"F`
	if key.asString {
		tag += ",string"
	}
	if key.unixTime {
		tag += ",unixtime"
	}
	return reflect.StructOf([]reflect.StructField{{Name: "F", Type: key.typ, Tag: reflect.StructTag(tag + `"`)}})
}

// fill sets the pairs that are decoded here.
func (c *compiler) fill(p *plan, key planKey) {
	t := key.typ
	switch {
	case t.Kind() == reflect.Pointer:
		c.fillPointer(p, key)
	case t.ConvertibleTo(timeType):
		c.fillTime(p, key)
		c.fillStruct(p)
	case t.Kind() == reflect.Struct:
		c.fillStruct(p)
	case t.Kind() == reflect.Interface:
		c.fillInterface(p, key)
	case t.Kind() == reflect.Map:
		c.fillMap(p)
	case t.Kind() == reflect.Slice:
		c.fillSlice(p)
	case t.Kind() == reflect.Array:
		c.fillArray(p)
	default:
		c.fillScalar(p, key)
	}
}

// fillPointer decodes into what the pointer points to, once it does.
func (c *compiler) fillPointer(p *plan, key planKey) {
	key.typ = p.typ.Elem()
	target := c.plan(key)
	for k := range kinds {
		if k == kindNULL {
			continue
		}
		p.decode[k] = func(d *decoding, v reflect.Value) error {
			if target.decode[k] == nil {
				return errOfficial
			}
			if v.IsNil() {
				v.Set(reflect.New(target.typ))
			}
			return target.decode[k](d, v.Elem())
		}
	}
}

// decodeNull sets anything but what decodes itself to zero. Whatever an
// interface holds may have been there before, so AWS's decoder looks into it.
func decodeNull(d *decoding, v reflect.Value) error {
	if v.Kind() == reflect.Interface && !v.IsNil() {
		return errOfficial
	}
	if _, err := d.bool(); err != nil {
		return err
	}
	if v.CanSet() {
		v.SetZero()
	}
	return nil
}
