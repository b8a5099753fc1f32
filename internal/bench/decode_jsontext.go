package main

import (
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-json-experiment/json/jsontext"
)

// tokenReader reads DynamoDB JSON from jsontext's tokens. It trusts its input
// to be an item.
type tokenReader struct {
	jsontext.Decoder
	err error
}

func (r *tokenReader) token() jsontext.Token {
	t, err := r.ReadToken()
	if r.err == nil {
		r.err = err
	}
	return t
}

func (r *tokenReader) text() string { return r.token().String() }

func (r *tokenReader) binary() []byte {
	b, err := base64.StdEncoding.DecodeString(r.text())
	if r.err == nil {
		r.err = err
	}
	return b
}

func (r *tokenReader) item() map[string]types.AttributeValue {
	item := map[string]types.AttributeValue{}
	r.token()
	for r.err == nil && r.PeekKind() != '}' {
		name := r.text()
		item[name] = r.value()
	}
	r.token()
	return item
}

func elements[E any](r *tokenReader, element func() E) (list []E) {
	r.token()
	for r.err == nil && r.PeekKind() != ']' {
		list = append(list, element())
	}
	r.token()
	return list
}

func (r *tokenReader) value() types.AttributeValue {
	r.token()
	v := r.payload(r.text())
	r.token()
	return v
}

func (r *tokenReader) payload(tag string) types.AttributeValue {
	switch tag {
	case "S":
		return &types.AttributeValueMemberS{Value: r.text()}
	case "N":
		return &types.AttributeValueMemberN{Value: r.text()}
	case "B":
		return &types.AttributeValueMemberB{Value: r.binary()}
	case "BOOL":
		return &types.AttributeValueMemberBOOL{Value: r.token().Kind() == 't'}
	case "M":
		return &types.AttributeValueMemberM{Value: r.item()}
	case "L":
		return &types.AttributeValueMemberL{Value: elements(r, r.value)}
	case "SS":
		return &types.AttributeValueMemberSS{Value: elements(r, r.text)}
	case "NS":
		return &types.AttributeValueMemberNS{Value: elements(r, r.text)}
	case "BS":
		return &types.AttributeValueMemberBS{Value: elements(r, r.binary)}
	}
	r.token()
	return &types.AttributeValueMemberNULL{Value: true}
}
