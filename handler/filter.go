package handler

import (
	"errors"
	"fmt"
)

// Filters drop records before the handler sees them; a dropped record counts as handled. Filtering in the event source
// mapping is cheaper where its patterns suffice:
// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html

type expiry uint8

const (
	expiryAny expiry = iota
	expiryOnly
	expiryNone
)

// OnlyEvents passes records of the given kinds, of which there must be one. Other records are not even decoded. Several
// OnlyEvents options pass what any of them names.
func OnlyEvents(names ...EventName) Option {
	return option(func(o *options) {
		if len(names) == 0 {
			o.misused("OnlyEvents", "it names no kind of event, and would drop all records")
		}
		if o.events == nil {
			o.events = map[EventName]bool{}
		}
		for _, name := range names {
			if !name.known() {
				o.misused("OnlyEvents", "there is no event %q: there are INSERT, MODIFY and REMOVE", string(name))
			}
			o.events[name] = true
		}
	})
}

// OnlyExpired passes only the removals made by Time to Live (see Record.Expired): an archive of expired items.
func OnlyExpired() Option {
	return option(func(o *options) { o.filterExpired(expiryOnly) })
}

// ExceptExpired drops the removals made by Time to Live: a target that outlives the table's items.
func ExceptExpired() Option {
	return option(func(o *options) { o.filterExpired(expiryNone) })
}

func (o *options) filterExpired(e expiry) {
	if o.expiry != expiryAny && o.expiry != e {
		o.misused("OnlyExpired", "together with ExceptExpired it would drop all removals")
	}
	o.expiry = e
}

// Where passes the records for which keep returns true. T must be the handler's item type. A panic of keep fails its
// record. Several Where options must all agree.
func Where[T any](keep func(rec *Record[T]) bool) Option {
	return option(func(o *options) { o.filters = append(o.filters, keep) })
}

// drops reports whether records may be dropped by their envelope alone.
func (o *options) drops() bool { return o.events != nil || o.expiry != expiryAny }

// wants decides by the envelope alone.
func (o *options) wants(raw *rawRecord) bool {
	if o.events != nil && !o.events[raw.eventName()] {
		return false
	}
	expired := raw.eventName() == Remove && raw.identity.expired()
	return o.expiry == expiryAny || expired == (o.expiry == expiryOnly)
}

func predicates[T any](o *options) ([]func(*Record[T]) bool, error) {
	typed := make([]func(*Record[T]) bool, 0, len(o.filters))
	for _, filter := range o.filters {
		keep, ok := filter.(func(*Record[T]) bool)
		if ok && keep == nil {
			return nil, &ConfigError{"Where", errors.New("the filter is nil")}
		}
		if !ok {
			return nil, &ConfigError{"Where", fmt.Errorf("the filter is a %T and the handler's records are %T", filter, (*Record[T])(nil))}
		}
		typed = append(typed, keep)
	}
	return typed, nil
}
