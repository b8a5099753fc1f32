package mapping

import (
	"errors"
	"reflect"
	"sync"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynasink/dynasink/internal/streamjson"
)

// errOfficial is how a decodeFunc hands its attribute over to AWS's decoder.
var errOfficial = errors.New("mapping: internal: left to attributevalue")

// decoding is the state of decoding one item.
type decoding struct {
	parser
	options *options
	depth   int    // lists and maps around the current position
	names   names  // names of the maps around it, to find duplicates
	buf     []byte // scratch
	// leftovers are attributes of the item, if it has an Overflow.
	leftovers []leftover
}

var decodings = sync.Pool{New: func() any { return new(decoding) }}

// decodeItem decodes the item that starts at text[at] into v, which can be
// set, and returns the index behind it.
func decodeItem(p *plan, text string, at int, v reflect.Value, o *options) (end int, err error) {
	d := decodings.Get().(*decoding)
	d.parser, d.options, d.depth = parser{s: text, i: at}, o, 0
	defer func() {
		if recover() != nil {
			err = fail(errPanic)
			return // d may be in any state: let it go
		}
		d.release()
	}()
	err = d.item(p, v)
	if err != nil {
		err = asError(err)
	}
	return d.i, err
}

// release forgets the item, which the pool must not keep in memory.
func (d *decoding) release() {
	clear(d.names)
	d.parser, d.options, d.names, d.buf, d.leftovers = parser{}, nil, d.names[:0], d.buf[:0], d.leftovers[:0]
	if cap(d.buf) > 1<<16 {
		d.buf = nil
	}
	decodings.Put(d)
}

func (d *decoding) item(p *plan, v reflect.Value) error {
	if d.space(); d.i >= len(d.s) || d.s[d.i] != '{' {
		return errNotObject
	}
	start := d.i
	if decode := p.decode[kindM]; decode != nil {
		d.depth = -1 // the item itself is no nested map
		if err := decode(d, v); err != errOfficial {
			return err
		}
	}
	d.i, d.clone = start+1, d.options.clone
	m, err := d.parser.members(0)
	if err != nil {
		return err
	}
	return d.setOfficial(p, v, &types.AttributeValueMemberM{Value: m})
}

// value decodes the attribute value at which d stands into v.
func (d *decoding) value(p *plan, v reflect.Value) error {
	start := d.i
	k, err := d.open()
	if err != nil {
		return err
	}
	return d.payload(p, k, v, start)
}

// payload decodes the payload at which d stands, and passes over the brace
// behind it. The attribute value begins at start.
func (d *decoding) payload(p *plan, k kind, v reflect.Value, start int) error {
	err := errOfficial
	if decode := p.decode[k]; decode != nil {
		err = decode(d, v)
	}
	if err == nil {
		return d.close()
	}
	if err == errOfficial {
		return d.official(p, v, start)
	}
	return err
}

// open reads the start of an attribute value, {"S": .
func (d *decoding) open() (kind, error) {
	if i := d.i; i+6 < len(d.s) && d.s[i:i+2] == `{"` && d.s[i+3:i+5] == `":` && d.s[i+5] > ' ' {
		if k := letters[d.s[i+2]]; k < kinds {
			d.i += 5
			return k, nil
		}
	}
	return d.openSlow()
}

// letters has the types that are written with one letter, kinds for the rest.
var letters = func() (letters [256]kind) {
	for c := range letters {
		letters[c] = kinds
	}
	for k, name := range kindNames {
		if len(name) == 1 {
			letters[name[0]] = kind(k)
		}
	}
	return letters
}()

func (d *decoding) openSlow() (kind, error) {
	if !d.accept('{') {
		return 0, d.damage(errNotAttribute)
	}
	if d.space(); d.accept('}') {
		return 0, errNoTag
	}
	tag, err := d.name()
	if err != nil {
		return 0, err
	}
	k, ok := kindOf(tag)
	if !ok {
		return 0, d.damage(errUnknownTag)
	}
	return k, nil
}

// close passes over the end of an attribute value.
func (d *decoding) close() error {
	if d.accept('}') {
		return nil
	}
	if more, err := d.more('}'); more || err != nil {
		return orTwoTags(err)
	}
	return nil
}

// official reads the attribute value at start again, as the SDK's type, and
// has AWS's decoder decode it.
func (d *decoding) official(p *plan, v reflect.Value, start int) error {
	d.i, d.clone = start, d.options.clone
	av, err := d.parser.value(d.depth)
	d.clone = false
	if err != nil {
		return err
	}
	return d.setOfficial(p, v, av)
}

func (d *decoding) setOfficial(p *plan, v reflect.Value, av types.AttributeValue) error {
	_, null := av.(*types.AttributeValueMemberNULL)
	switch {
	case !v.CanSet() && null:
		return nil
	case !v.CanSet():
		return errUnexported
	case p.wrap == nil:
		return official(av, v.Addr().Interface(), d.options)
	}
	w := reflect.New(p.wrap)
	w.Elem().Field(0).Set(v)
	m := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"F": av}}
	err := official(m, w.Interface(), d.options)
	if err == nil {
		v.Set(w.Elem().Field(0))
	}
	return err
}

// official calls AWS's decoder, which panics where a user's method does, and
// on an interface type that the value does not implement.
func official(av types.AttributeValue, into any, o *options) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return valueFree(attributevalue.UnmarshalWithOptions(av, into, func(p *attributevalue.DecoderOptions) { *p = o.decoder }))
}

// enter and leave count the lists and maps that d is in.
func (d *decoding) enter() error {
	if d.depth++; d.depth > MaxDepth {
		return errDepth
	}
	return nil
}

func (d *decoding) leave() { d.depth-- }

// text reads a string payload.
func (d *decoding) text() (string, error) {
	s, i := d.s, d.i
	if i < len(s) && s[i] == '"' {
		if end := streamjson.Plain(s, i+1); end < len(s) && s[end] == '"' {
			d.i = end + 1
			return s[i+1 : end], nil
		}
	}
	return d.oddText()
}

func (d *decoding) oddText() (string, error) {
	if !d.accept('"') {
		return "", d.damage(errNotString)
	}
	start := d.i
	end, plain, err := streamjson.ScanString(d.s, start)
	if err != nil {
		return "", err
	}
	d.i = end + 1
	if !plain {
		d.buf = streamjson.AppendUnquoted(d.buf[:0], d.s[start:end])
		return string(d.buf), nil
	}
	return d.s[start:end], nil
}

// shortInteger reads the payload "0" to "999999999999999999" without looking
// at it twice. If ok is false d stays where it is.
func (d *decoding) shortInteger() (n int64, ok bool) {
	const most = 18
	s := d.s[d.i:]
	if len(s) > most+2 {
		s = s[:most+2]
	}
	if len(s) < 3 || s[0] != '"' {
		return 0, false
	}
	for i := 1; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			if s[i] != '"' || i == 1 {
				return 0, false
			}
			d.i += i + 1
			return n, true
		}
		n = n*10 + int64(c)
	}
	return 0, false
}
