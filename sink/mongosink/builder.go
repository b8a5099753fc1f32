package mongosink

import (
	"encoding/binary"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// builder writes a BSON document: https://bsonspec.org/spec.html
// Most of a document is there already, encoded once; the builder copies it and adds the library's fields.
type builder struct {
	bytes []byte
	open  []int // where the documents begin that are not finished
}

func newBuilder(size int) *builder {
	return (&builder{bytes: make([]byte, 0, size)}).begin()
}

// reopen goes on with a document that is nobody else's.
func reopen(doc bson.Raw) *builder {
	return &builder{bytes: doc[:len(doc)-1], open: []int{0}}
}

func (b *builder) begin() *builder {
	b.open = append(b.open, len(b.bytes))
	b.bytes = append(b.bytes, 0, 0, 0, 0)
	return b
}

// end finishes the innermost document.
func (b *builder) end() {
	start := b.open[len(b.open)-1]
	b.open = b.open[:len(b.open)-1]
	b.bytes = append(b.bytes, 0)
	binary.LittleEndian.PutUint32(b.bytes[start:], uint32(len(b.bytes)-start))
}

func (b *builder) done() bson.Raw {
	b.end()
	return b.bytes
}

func (b *builder) name(t bson.Type, name string) {
	b.bytes = append(append(append(b.bytes, byte(t)), name...), 0)
}

func (b *builder) value(name string, v bson.RawValue) {
	b.name(v.Type, name)
	b.bytes = append(b.bytes, v.Value...)
}

func (b *builder) raw(e bson.RawElement) { b.bytes = append(b.bytes, e...) }

func (b *builder) fields(all []field) {
	for _, f := range all {
		b.value(f.name, f.value)
	}
}

func (b *builder) text(name, s string) {
	b.name(bson.TypeString, name)
	b.bytes = binary.LittleEndian.AppendUint32(b.bytes, uint32(len(s)+1))
	b.bytes = append(append(b.bytes, s...), 0)
}

func (b *builder) int64(name string, n int64) {
	b.name(bson.TypeInt64, name)
	b.bytes = binary.LittleEndian.AppendUint64(b.bytes, uint64(n))
}

// date has milliseconds, as BSON dates have.
func (b *builder) date(name string, t time.Time) {
	b.name(bson.TypeDateTime, name)
	b.bytes = binary.LittleEndian.AppendUint64(b.bytes, uint64(t.UnixMilli()))
}

// document begins an embedded document or an array, which end finishes.
func (b *builder) document(t bson.Type, name string) {
	b.name(t, name)
	b.begin()
}

func (b *builder) double(name string, f float64) {
	b.name(bson.TypeDouble, name)
	b.bytes = binary.LittleEndian.AppendUint64(b.bytes, math.Float64bits(f))
}

func (b *builder) bool(name string, v bool) {
	b.name(bson.TypeBoolean, name)
	var bit byte
	if v {
		bit = 1
	}
	b.bytes = append(b.bytes, bit)
}

// binary writes bytes of the generic subtype 0.
func (b *builder) binary(name string, data []byte) {
	b.name(bson.TypeBinary, name)
	b.bytes = binary.LittleEndian.AppendUint32(b.bytes, uint32(len(data)))
	b.bytes = append(append(b.bytes, 0), data...)
}
