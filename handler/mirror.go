package handler

import (
	"context"

	"github.com/dynasink/dynasink/sink"
)

// Mirror returns a handler that keeps target equal to the table: INSERT and MODIFY upsert the item, REMOVE deletes it. T
// carries the tags of both sides (dynamodbav and db, say).
//
// A change that moves the row to another key (the row's key need not be the item's) deletes the old row; that takes
// the view type NEW_AND_OLD_IMAGES, and with NEW_IMAGE it cannot be seen. A stream without new images is a
// misconfiguration and fails the batch.
func Mirror[T any](target sink.Target[T]) StreamEventHandler[T] { return mirror[T]{target} }

type mirror[T any] struct{ target sink.Target[T] }

func (m mirror[T]) HandleRecord(_ context.Context, rec *Record[T], batch *sink.Batch) error {
	if rec.EventName == Remove {
		m.target.Delete(batch, m.last(rec))
		return nil
	}
	if rec.NewImage == nil {
		return missingImage("NewImage", rec.EventName, rec.StreamViewType)
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

func (m mirror[T]) moved(from, to T) bool {
	keyed, ok := m.target.(sink.Keyed[T])
	return ok && !keyed.SameKey(from, to)
}
