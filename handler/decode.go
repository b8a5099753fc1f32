package handler

import (
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
	created, err := creationTime(raw.ApproximateCreationDateTime)
	if err != nil {
		return nil, sink.Permanent(err)
	}
	rec := &Record[T]{
		EventID: raw.EventID, EventName: raw.eventName(), EventVersion: raw.EventVersion, EventSource: raw.EventSource,
		AWSRegion: raw.AWSRegion, EventSourceARN: raw.EventSourceARN, UserIdentity: raw.identity.clone(),
		ApproximateCreationDateTime: created, SequenceNumber: raw.SequenceNumber, SizeBytes: raw.size,
		StreamViewType: StreamViewType(raw.StreamViewType),
	}
	if err := d.item.DecodeString(raw.Keys, &rec.Keys); err != nil {
		return nil, sink.Permanent(within("Keys", err))
	}
	if rec.NewImage, err = d.image(NewImage, "NewImage", raw.NewImage); err != nil {
		return nil, err
	}
	rec.OldImage, err = d.image(OldImage, "OldImage", raw.OldImage)
	return rec, err
}

func (d *decoder[T]) image(image Image, name, raw string) (*T, error) {
	if d.skip.has(image) || raw == "" {
		return nil, nil
	}
	item := new(T)
	if err := d.item.DecodeString(raw, item); err != nil {
		return nil, sink.Permanent(within(name, err))
	}
	return item, nil
}

// missing reports an image that the handler needs, that this kind of record has, and that is not there.
func (d *decoder[T]) missing(raw *rawRecord) error {
	event, view := raw.eventName(), StreamViewType(raw.StreamViewType)
	if d.needs.has(NewImage) && event != Remove && raw.NewImage == "" {
		return missingImage("NewImage", event, view)
	}
	if d.needs.has(OldImage) && event != Insert && raw.OldImage == "" {
		return missingImage("OldImage", event, view)
	}
	return nil
}
