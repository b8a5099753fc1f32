package handler

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynasink/dynasink/sink"
)

// Mirror returns a handler that keeps target equal to the table: INSERT and MODIFY upsert the item, REMOVE deletes it. T
// carries the tags of both sides (dynamodbav and db, say).
//
// The row's key need not be the item's. Then a change may move the row, which deletes the old one, and only the old image
// tells which row a REMOVE is about: such a mirror takes the view type NEW_AND_OLD_IMAGES, and without old images it fails
// the batch with a [ConfigError] before a row is left behind. So does a stream without new images. Such row keys must be
// unique over the items at every moment: rows do not know their items, so when two items swap keys, one row is lost.
func Mirror[T any](target sink.Target[T]) StreamEventHandler[T] { return mirror[T]{target} }

type mirror[T any] struct{ target sink.Target[T] }

func (m mirror[T]) validate() error {
	if isNil(m.target) {
		return &ConfigError{"Mirror", errors.New("the target is nil")}
	}
	return nil
}

func (m mirror[T]) HandleRecord(_ context.Context, rec *Record[T], batch *sink.Batch) error {
	if rec.EventName == Remove {
		if rec.OldImage == nil && m.byState() {
			return missingImage("OldImage", rec.EventName, rec.StreamViewType)
		}
		m.target.Delete(batch, m.last(rec))
		return nil
	}
	if rec.NewImage == nil {
		return missingImage("NewImage", rec.EventName, rec.StreamViewType)
	}
	if m.blind(rec) {
		return &ConfigError{"StreamViewType", fmt.Errorf(
			"a removal needs more of the row than the item's key tells, so the mirror needs OldImage, which this %s record does not tell", rec.EventName)}
	}
	if rec.OldImage != nil && m.moved(*rec.OldImage, *rec.NewImage) {
		m.target.Delete(batch, *rec.OldImage)
	}
	m.target.Upsert(batch, *rec.NewImage)
	return nil
}

// last is the removed item as far as the record tells it.
func (m mirror[T]) last(rec *Record[T]) T {
	if rec.OldImage != nil {
		return *rec.OldImage
	}
	return rec.Keys
}

// blind reports whether the item's key does not tell the row's, and no record will.
func (m mirror[T]) blind(rec *Record[T]) bool {
	if rec.OldImage != nil || rec.EventName == Insert && rec.StreamViewType != NewImageOnly {
		return false
	}
	return m.byState() || m.moved(*rec.NewImage, rec.Keys)
}

// byState reports whether a delete needs the last state of the row.
func (m mirror[T]) byState() bool {
	stateful, ok := m.target.(sink.Stateful)
	return ok && stateful.DeletesByState()
}

// moved reports whether to is another row than from. A state whose key cannot be told never was a row.
func (m mirror[T]) moved(from, to T) bool {
	keyed, ok := m.target.(sink.Keyed[T])
	return ok && !keyed.SameKey(from, to) && keyed.SameKey(from, from)
}
