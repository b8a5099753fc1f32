package mapping

import (
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynasink/dynasink/internal/streamjson"
)

// fillInterface decodes into an empty interface, the types being those that
// attributevalue documents.
func (c *compiler) fillInterface(p *plan, key planKey) {
	for k := range kinds {
		if k == kindNULL || k == kindS && key.asString {
			continue
		}
		p.decode[k] = func(d *decoding, v reflect.Value) error {
			if !v.IsNil() { // AWS's decoder may decode into what it holds
				return errOfficial
			}
			value, err := d.anyPayload(k)
			if err == nil {
				v.Set(reflect.ValueOf(value))
			}
			return err
		}
	}
}

// any decodes an attribute value.
func (d *decoding) any() (any, error) {
	k, err := d.open()
	if err != nil {
		return nil, err
	}
	v, err := d.anyPayload(k)
	if err != nil {
		return nil, err
	}
	return v, d.close()
}

func (d *decoding) anyPayload(k kind) (any, error) {
	switch k {
	case kindS:
		return boxed(d.ownText())
	case kindN:
		return d.anyNumber()
	case kindB:
		return boxed(d.bytes())
	case kindBOOL:
		return boxed(d.bool())
	case kindNULL:
		_, err := d.bool()
		return nil, err
	case kindM:
		return d.anyMap()
	case kindL:
		list := []any{}
		err := d.elements(func() error { return appended(&list, d.any) })
		return list, err
	case kindSS:
		return anySet(d, d.ownText)
	case kindBS:
		return anySet(d, d.bytes)
	}
	if d.options.decoder.UseNumber {
		return anySet(d, d.exactNumber)
	}
	return anySet(d, d.floatNumber)
}

func boxed[V any](v V, err error) (any, error) { return v, err }

func (d *decoding) anyMap() (any, error) {
	m := map[string]any{}
	err := d.members(func(name string) (err error) {
		m[d.own(name)], err = d.any()
		return err
	})
	return m, err
}

func (d *decoding) anyNumber() (any, error) {
	if d.options.decoder.UseNumber {
		return boxed(d.exactNumber())
	}
	return boxed(d.floatNumber())
}

func (d *decoding) exactNumber() (attributevalue.Number, error) {
	s, err := d.ownText()
	if err == nil {
		err = checkNumber(s)
	}
	return attributevalue.Number(s), err
}

func (d *decoding) floatNumber() (float64, error) {
	s, err := d.text()
	if err != nil {
		return 0, err
	}
	if err := checkNumber(s); err != nil {
		return 0, err
	}
	return parseFloat(s, 64, d.options.lossy)
}

func anySet[E any](d *decoding, element func() (E, error)) (any, error) {
	set := []E{}
	err := d.array(func() error { return appended(&set, element) })
	if err == nil && len(set) == 0 {
		err = errEmptySet
	}
	return set, err
}

func appended[E any](list *[]E, element func() (E, error)) error {
	e, err := element()
	*list = append(*list, e)
	return err
}

// own returns s, with memory of its own if the option CloneStrings says so.
func (d *decoding) own(s string) string {
	if d.options.clone {
		return strings.Clone(s)
	}
	return s
}

func (d *decoding) ownText() (string, error) {
	s, err := d.text()
	return d.own(s), err
}

// skip passes over any JSON value.
func (d *decoding) skip() error {
	end, err := streamjson.SkipValue(d.s, d.i)
	d.i = end
	return err
}

func mapWithKey(name string) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{name: &types.AttributeValueMemberNULL{Value: true}}}
}
