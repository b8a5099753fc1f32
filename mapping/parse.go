package mapping

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynasink/dynasink/internal/streamjson"
)

// MaxDepth is how many lists and maps may be nested in an attribute. DynamoDB
// itself stops at 32; the limit is there to protect the stack, so it leaves
// room.
const MaxDepth = 64

// ParseItem reads an item in DynamoDB JSON, {"pk":{"S":"x"},...}, into the
// SDK's attribute values. It is as strict as Decode: see the table in the
// package documentation. Errors are of type *Error.
func ParseItem(item []byte) (map[string]types.AttributeValue, error) {
	return parseItem(string(item))
}

func parseItem(item string) (map[string]types.AttributeValue, error) {
	p := parser{s: item, i: streamjson.Space(item, 0)}
	if !p.accept('{') {
		return nil, fail(errNotObject)
	}
	m, err := p.members(0)
	if err != nil {
		return nil, asError(err)
	}
	if streamjson.Space(p.s, p.i) != len(p.s) {
		return nil, fail(errTrailing)
	}
	return m, nil
}

func asError(err error) error {
	if _, ok := err.(*Error); ok {
		return err
	}
	return fail(err)
}

// parser reads DynamoDB JSON from s at i. It is the reference that the
// compiled plans fall back on, so it is written to be obviously right.
type parser struct {
	s string
	i int
	// clone gives each string memory of its own.
	clone bool
}

func (p *parser) accept(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *parser) space() { p.i = streamjson.Space(p.s, p.i) }

// more passes over the comma between elements or the closing bracket.
func (p *parser) more(closing byte) (more bool, err error) {
	p.i, more, err = streamjson.Comma(p.s, p.i, closing)
	return more, err
}

// name reads an object member's name and its colon.
func (p *parser) name() (string, error) {
	start, err := streamjson.Open(p.s, p.i)
	if err != nil {
		return "", err
	}
	p.i = start
	name, err := p.text()
	if err != nil {
		return "", err
	}
	p.i, err = streamjson.Colon(p.s, p.i)
	return name, err
}

// text reads the rest of a string literal whose opening quote is behind.
func (p *parser) text() (string, error) {
	end, plain, err := streamjson.ScanString(p.s, p.i)
	if err != nil {
		return "", err
	}
	raw := p.s[p.i:end]
	p.i = end + 1
	if plain && p.clone {
		return strings.Clone(raw), nil
	}
	if plain {
		return raw, nil
	}
	return string(streamjson.AppendUnquoted(nil, raw)), nil
}

// members reads the members of an item or an M, the opening brace being
// behind.
func (p *parser) members(depth int) (map[string]types.AttributeValue, error) {
	m := map[string]types.AttributeValue{}
	if p.space(); p.accept('}') {
		return m, nil
	}
	for more := true; more; {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		if _, twice := m[name]; twice {
			return nil, withinName(name, errDuplicate)
		}
		if m[name], err = p.value(depth); err != nil {
			return nil, withinName(name, err)
		}
		if more, err = p.more('}'); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// value reads one attribute value, {"S":"text"}.
func (p *parser) value(depth int) (types.AttributeValue, error) {
	if !p.accept('{') {
		return nil, p.damage(errNotAttribute)
	}
	if p.space(); p.accept('}') {
		return nil, errNoTag
	}
	tag, err := p.name()
	if err != nil {
		return nil, err
	}
	av, err := p.payload(tag, depth)
	if err != nil {
		return nil, err
	}
	if more, err := p.more('}'); more || err != nil {
		return nil, orTwoTags(err)
	}
	return av, nil
}

func orTwoTags(err error) error {
	if err != nil {
		return err
	}
	return errTwoTags
}

// damage chooses between err, for JSON that is not of the right kind, and the
// scanner's error for what is not JSON at all.
func (p *parser) damage(err error) error {
	if _, syntax := streamjson.SkipValue(p.s, p.i); syntax != nil {
		return syntax
	}
	return err
}
