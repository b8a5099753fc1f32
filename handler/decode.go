package handler

import (
	"github.com/dynasink/dynasink/internal/streamjson"
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

// record decodes raw, whose envelope has been checked, into a slot. A panic of the user's own unmarshalers is the record's error.
func (d *decoder[T]) record(raw *rawRecord, s *slot[T]) (rec *Record[T], err error) {
	if err := d.missing(raw); err != nil {
		return nil, err
	}
	if err := guard(func() error { return d.decode(raw, s) }); err != nil {
		return nil, err
	}
	return &s.record, nil
}

// decode fills a slot with what has not been decoded in passing.
func (d *decoder[T]) decode(raw *rawRecord, s *slot[T]) error {
	created, err := creationTime(raw.ApproximateCreationDateTime)
	if err != nil {
		return sink.Permanent(err)
	}
	if err := d.image(s, streamjson.Keys, "Keys", raw.Keys); err != nil {
		return err
	}
	if err := d.image(s, streamjson.NewImage, "NewImage", raw.NewImage); err != nil {
		return err
	}
	if err := d.image(s, streamjson.OldImage, "OldImage", raw.OldImage); err != nil {
		return err
	}
	rec := &s.record
	rec.EventID, rec.EventName, rec.EventVersion = raw.EventID, raw.eventName(), raw.EventVersion
	rec.EventSource, rec.AWSRegion, rec.EventSourceARN = raw.EventSource, raw.AWSRegion, raw.EventSourceARN
	rec.UserIdentity = raw.identity.clone()
	if s.have[streamjson.NewImage] {
		rec.NewImage = &s.new
	}
	if s.have[streamjson.OldImage] {
		rec.OldImage = s.old
	}
	rec.ApproximateCreationDateTime, rec.SequenceNumber = created, raw.SequenceNumber
	rec.SizeBytes, rec.StreamViewType = raw.size, StreamViewType(raw.StreamViewType)
	return nil
}

func (d *decoder[T]) image(s *slot[T], image streamjson.Image, name, raw string) error {
	if s.have[image] || raw == "" {
		return nil
	}
	item := s.item(d, image)
	if item == nil {
		return nil
	}
	if err := d.item.DecodeString(raw, item); err != nil {
		return sink.Permanent(within(name, err))
	}
	s.have[image] = true
	return nil
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
