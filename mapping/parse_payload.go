package mapping

import (
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynasink/dynasink/internal/streamjson"
)

func (p *parser) payload(tag string, depth int) (types.AttributeValue, error) {
	switch tag {
	case "S":
		s, err := p.string()
		return &types.AttributeValueMemberS{Value: s}, err
	case "N":
		n, err := p.number()
		return &types.AttributeValueMemberN{Value: n}, err
	case "BOOL":
		b, err := p.bool()
		return &types.AttributeValueMemberBOOL{Value: b}, err
	case "NULL":
		b, err := p.bool()
		return &types.AttributeValueMemberNULL{Value: b}, err
	case "M":
		m, err := p.mapping(depth + 1)
		return &types.AttributeValueMemberM{Value: m}, err
	case "L":
		l, err := p.list(depth + 1)
		return &types.AttributeValueMemberL{Value: l}, err
	case "B":
		b, err := p.binary()
		return &types.AttributeValueMemberB{Value: b}, err
	case "SS":
		ss, err := set(p, p.string)
		return &types.AttributeValueMemberSS{Value: ss}, err
	case "NS":
		ns, err := set(p, p.number)
		return &types.AttributeValueMemberNS{Value: ns}, err
	case "BS":
		bs, err := set(p, p.binary)
		return &types.AttributeValueMemberBS{Value: bs}, err
	}
	return nil, p.damage(errUnknownTag)
}

func (p *parser) string() (string, error) {
	if !p.accept('"') {
		return "", p.damage(errNotString)
	}
	return p.text()
}

func (p *parser) number() (string, error) {
	n, err := p.string()
	if err != nil {
		return "", err
	}
	return n, checkNumber(n)
}

func (p *parser) binary() ([]byte, error) {
	s, err := p.string()
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, errBase64
	}
	return b, nil
}

func (p *parser) bool() (bool, error) {
	if len(p.s)-p.i > 4 && p.s[p.i:p.i+4] == "true" {
		p.i += 4
		return true, nil
	}
	end, err := streamjson.SkipValue(p.s, p.i)
	if err != nil {
		return false, err
	}
	word := p.s[p.i:end]
	p.i = end
	if word != "true" && word != "false" {
		return false, errNotBool
	}
	return word == "true", nil
}

func (p *parser) mapping(depth int) (map[string]types.AttributeValue, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	if !p.accept('{') {
		return nil, p.damage(errNotMap)
	}
	return p.members(depth)
}

func (p *parser) list(depth int) ([]types.AttributeValue, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	if !p.accept('[') {
		return nil, p.damage(errNotArray)
	}
	return elements(p, func() (types.AttributeValue, error) { return p.value(depth) })
}

func set[E any](p *parser, element func() (E, error)) ([]E, error) {
	if !p.accept('[') {
		return nil, p.damage(errNotArray)
	}
	list, err := elements(p, element)
	if err == nil && len(list) == 0 {
		err = errEmptySet
	}
	return list, err
}

func elements[E any](p *parser, element func() (E, error)) ([]E, error) {
	list := []E{}
	if p.space(); p.accept(']') {
		return list, nil
	}
	for more := true; more; {
		p.space()
		e, err := element()
		if err != nil {
			return nil, withinIndex(len(list), err)
		}
		list = append(list, e)
		if more, err = p.more(']'); err != nil {
			return nil, err
		}
	}
	return list, nil
}
