package handler

import (
	"fmt"

	"github.com/dynasink/dynasink/mapping"
	"github.com/dynasink/dynasink/sink"
)

// decoder makes a Record[T] of a raw record: only the images that the handler needs, all of them by default.
type decoder[T any] struct {
	item  *mapping.Decoder[T]
	needs Image // images without which a record must not reach the handler
	skip  Image // images that the handler does not look at
}

func newDecoder[T any](o *options) (decoder[T], error) {
	item, err := mapping.NewDecoder[T](o.mapping...)
	d := decoder[T]{item: item, needs: o.needs}
	if o.needs != 0 {
		d.skip = (NewImage | OldImage) &^ o.needs
	}
	return d, err
}

// record decodes raw. A panic of the user's own unmarshalers is the record's error.
func (d *decoder[T]) record(raw *rawRecord) (rec *Record[T], err error) {
	if err := raw.check(); err != nil {
		return nil, err
	}
	if err := d.missing(raw); err != nil {
		return nil, err
	}
	err = guard(func() error {
		rec, err = d.decode(raw)
		return err
	})
	return rec, err
}

func (d *decoder[T]) decode(raw *rawRecord) (*Record[T], error) {
	c := &raw.Change
	created, err := creationTime(c.ApproximateCreationDateTime)
	if err != nil {
		return nil, sink.Permanent(err)
	}
	rec := &Record[T]{
		EventID: raw.EventID, EventName: raw.EventName, EventVersion: raw.EventVersion, EventSource: raw.EventSource,
		AWSRegion: raw.AWSRegion, EventSourceARN: raw.EventSourceARN, UserIdentity: raw.UserIdentity.clone(),
		ApproximateCreationDateTime: created, SequenceNumber: c.SequenceNumber, SizeBytes: c.SizeBytes,
		StreamViewType: c.StreamViewType,
	}
	if err := d.item.Decode(c.Keys, &rec.Keys); err != nil {
		return nil, sink.Permanent(fmt.Errorf("Keys: %w", err))
	}
	if rec.NewImage, err = d.image(NewImage, "NewImage", c.NewImage); err != nil {
		return nil, err
	}
	rec.OldImage, err = d.image(OldImage, "OldImage", c.OldImage)
	return rec, err
}

func (d *decoder[T]) image(image Image, name string, raw []byte) (*T, error) {
	if d.skip.has(image) || !present(raw) {
		return nil, nil
	}
	item := new(T)
	if err := d.item.Decode(raw, item); err != nil {
		return nil, sink.Permanent(fmt.Errorf("%s: %w", name, err))
	}
	return item, nil
}

// missing reports an image that the handler needs, that this kind of record has, and that is not there.
func (d *decoder[T]) missing(raw *rawRecord) error {
	c := &raw.Change
	if d.needs.has(NewImage) && raw.EventName != Remove && !present(c.NewImage) {
		return missingImage("NewImage", raw.EventName, c.StreamViewType)
	}
	if d.needs.has(OldImage) && raw.EventName != Insert && !present(c.OldImage) {
		return missingImage("OldImage", raw.EventName, c.StreamViewType)
	}
	return nil
}
