package mongosink

import (
	"bytes"
	"reflect"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// marshaler encodes one value after the other.
type marshaler struct {
	buffer  bytes.Buffer
	encoder *bson.Encoder
}

// marshalers keeps marshalers for reuse, because making one costs as much as a small document.
type marshalers struct {
	pool     sync.Pool
	registry *bson.Registry
}

// guardSize is room for the version behind a document.
const guardSize = 80

// maxKept is how much memory a marshaler may keep between two documents.
const maxKept = 64 << 10

func (m *marshalers) get() *marshaler {
	if kept, ok := m.pool.Get().(*marshaler); ok {
		return kept
	}
	fresh := &marshaler{}
	fresh.encoder = bson.NewEncoder(bson.NewDocumentWriter(&fresh.buffer))
	fresh.encoder.SetRegistry(m.registry)
	return fresh
}

// marshal encodes v as a document, with room behind it.
func (s *store) marshal(v any) (bson.Raw, error) {
	m := s.marshalers.get()
	if err := m.encoder.Encode(v); err != nil {
		return nil, s.encodeError(reflect.TypeOf(v), err) // the encoder may have stopped anywhere
	}
	doc := append(make([]byte, 0, m.buffer.Len()+guardSize), m.buffer.Bytes()...)
	m.buffer.Reset()
	if m.buffer.Cap() <= maxKept {
		s.marshalers.pool.Put(m)
	}
	return doc, nil
}
