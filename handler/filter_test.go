package handler_test

import (
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

// TestFilters: a dropped record counts as handled; a record that is dropped by its envelope is not even decoded.
func TestFilters(t *testing.T) {
	t.Parallel()
	table := newTable()
	records := []record{
		table.Insert(item("a", "in")), table.Modify(item("a", "in"), item("a", "mod")), table.Remove(item("a", "mod")), table.Expire(item("b", "")),
	}
	even := func(rec *handler.Record[Item]) bool { return strings.ContainsAny(rec.SequenceNumber[20:], "02468") }
	newest := func(rec *handler.Record[Item]) bool { return rec.NewImage != nil }
	for name, c := range map[string]struct {
		opts []handler.Option
		want string
	}{
		"none":           {nil, "I M R E"},
		"inserts":        {[]handler.Option{handler.OnlyEvents(handler.Insert)}, "I"},
		"two kinds":      {[]handler.Option{handler.OnlyEvents(handler.Insert, handler.Remove)}, "I R E"},
		"either option":  {[]handler.Option{handler.OnlyEvents(handler.Insert), handler.OnlyEvents(handler.Modify)}, "I M"},
		"expired":        {[]handler.Option{handler.OnlyExpired()}, "E"},
		"not expired":    {[]handler.Option{handler.ExceptExpired()}, "I M R"},
		"removed":        {[]handler.Option{handler.ExceptExpired(), handler.OnlyEvents(handler.Remove)}, "R"},
		"predicate":      {[]handler.Option{handler.Where(even)}, "M E"},
		"two predicates": {[]handler.Option{handler.Where(even), handler.Where(newest)}, "M"},
	} {
		var got []string
		h := handler.NewDynamoDBEventHandler(handleFunc(func(_ ctx, rec *handler.Record[Item], _ *sink.Batch) error {
			kind := string(rec.EventName[0])
			if rec.Expired() {
				kind = "E"
			}
			got = append(got, kind)
			return nil
		}), c.opts...)
		invoke(t, h, records...).succeeds(t)
		if all := strings.Join(got, " "); all != c.want {
			t.Errorf("%s: handled %q, want %q", name, all, c.want)
		}
	}
}

// TestFilteredRecordIsNotDecoded, but one whose envelope is damaged is never taken for filtered.
func TestFilteredRecordIsNotDecoded(t *testing.T) {
	t.Parallel()
	h := handler.NewDynamoDBEventHandler(obey(newStore().table()), quiet, handler.OnlyEvents(handler.Insert))
	table := newTable()
	good := table.Insert(item("a", ""))
	broken := table.Remove(item("b", "")).With("dynamodb.OldImage", `{"do":{"X":1}}`)
	invoke(t, h, good, broken).succeeds(t)
	unknown := broken.With("eventName", `"DROP"`)
	invoke(t, h, good, unknown).reports(t, unknown)
}

// TestExpired: all of the identity must fit, and only a REMOVE expires.
func TestExpiredIdentity(t *testing.T) {
	t.Parallel()
	table := newTable()
	expired := table.Expire(item("a", ""))
	for want, records := range map[bool][]record{
		true: {expired},
		false: {
			table.Remove(item("a", "")), expired.With("userIdentity.type", `"User"`), expired.With("userIdentity.principalId", `"x"`),
			expired.With("userIdentity", "null"), table.Insert(item("a", "")).With("userIdentity", `{"type":"Service","principalId":"dynamodb.amazonaws.com"}`),
		},
	} {
		for _, r := range records {
			handled := false
			h := handler.NewDynamoDBEventHandler(handleFunc(func(_ ctx, rec *handler.Record[Item], _ *sink.Batch) error {
				handled = rec.Expired()
				return nil
			}), handler.OnlyExpired())
			if invoke(t, h, r).succeeds(t); handled != want {
				t.Errorf("expired is %v, want %v: %s", handled, want, r)
			}
		}
	}
}
