package handlertest_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

// TestImages checks which images each view type has, against the table of
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html.
func TestImages(t *testing.T) {
	t.Parallel()
	for view, want := range map[handler.StreamViewType]string{
		"":                      "INSERT:new MODIFY:new+old REMOVE:old REMOVE:old",
		handler.NewAndOldImages: "INSERT:new MODIFY:new+old REMOVE:old REMOVE:old",
		handler.NewImageOnly:    "INSERT:new MODIFY:new REMOVE: REMOVE:",
		handler.OldImageOnly:    "INSERT: MODIFY:old REMOVE:old REMOVE:old",
		handler.KeysOnly:        "INSERT: MODIFY: REMOVE: REMOVE:",
	} {
		table := handlertest.Table{Keys: []string{"pk"}, ViewType: view}
		item := Order{ID: "o-1"}
		var got []string
		for _, r := range []handlertest.Record{table.Insert(item), table.Modify(item, item), table.Remove(item), table.Expire(item)} {
			got = append(got, images(r))
		}
		if all := strings.Join(got, " "); all != want {
			t.Errorf("view type %q: records have %q, want %q", view, all, want)
		}
	}
}

func images(r handlertest.Record) string {
	text := r.String()
	var have []string
	for _, image := range []string{"New", "Old"} {
		if strings.Contains(text, `"`+image+`Image":`) {
			have = append(have, strings.ToLower(image))
		}
	}
	_, name, _ := strings.Cut(text, `"eventName":"`)
	return name[:len("INSERT")] + ":" + strings.Join(have, "+")
}

func TestOnlyExpiryHasAnIdentity(t *testing.T) {
	t.Parallel()
	table := handlertest.Table{Keys: []string{"pk"}}
	const identity = `"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}`
	if r := table.Expire(Order{ID: "a"}); !strings.Contains(r.String(), identity) {
		t.Errorf("an expired item has no identity: %s", r)
	}
	if r := table.Remove(Order{ID: "a"}); strings.Contains(r.String(), "userIdentity") {
		t.Errorf("a removed item has an identity: %s", r)
	}
}

// TestStreamIsOrdered adds more changes than fit into 21 digits, from several goroutines.
func TestStreamIsOrdered(t *testing.T) {
	t.Parallel()
	table := handlertest.Table{Keys: []string{"pk"}, Start: time.Unix(1000, 0)}
	var mu sync.Mutex
	seen := map[string]bool{}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			last := ""
			for range 25 {
				r := table.Insert(Order{ID: "a"})
				padded, err := sink.PadSequence(r.SequenceNumber())
				if err != nil || padded <= last || len(r.SequenceNumber()) < 21 {
					t.Errorf("sequence number %q after %q: %v", r.SequenceNumber(), last, err)
				}
				last = padded
				mu.Lock()
				seen[r.SequenceNumber()], seen[eventID(r)] = true, true
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(seen) != 200 {
		t.Errorf("100 records have %d different sequence numbers and event IDs, want 200", len(seen))
	}
	if last := table.Insert(Order{ID: "a"}); !strings.Contains(last.String(), `"ApproximateCreationDateTime":1100,`) {
		t.Errorf("the 101st change was not made 100 seconds after the first: %s", last)
	}
}

func eventID(r handlertest.Record) string {
	_, id, _ := strings.Cut(r.String(), `"eventID":"`)
	return id[:32]
}

func TestEqualTablesMakeEqualStreams(t *testing.T) {
	t.Parallel()
	one := handlertest.Table{Name: "a", Keys: []string{"pk"}}
	two := handlertest.Table{Name: "a", Keys: []string{"pk"}}
	other := handlertest.Table{Name: "a", Keys: []string{"pk"}, Label: "2027"}
	first, second, third := one.Insert(Order{ID: "x"}), two.Insert(Order{ID: "x"}), other.Insert(Order{ID: "x"})
	if first.String() != second.String() {
		t.Errorf("%s\nis not\n%s", first, second)
	}
	if eventID(first) == eventID(third) || one.StreamARN() == other.StreamARN() {
		t.Error("a stream with another label has the same ARN or event IDs")
	}
}

func TestBadItems(t *testing.T) {
	t.Parallel()
	table := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	unkeyed := handlertest.Table{}
	for want, r := range map[string]handlertest.Record{
		"the Table has no Keys":                      unkeyed.Insert(Order{ID: "a"}),
		`has no key attribute "pk"`:                  table.Insert(struct{ Other string }{"a"}),
		`key attribute "pk" is empty`:                table.Insert(Order{}),
		`key attribute "pk" is no string, number`:    table.Insert(map[string]any{"pk": true}),
		"the two images have different keys":         table.Modify(Order{ID: "a"}, Order{ID: "b"}),
		"handlertest: INSERT 5 of orders: new image": table.Insert(7),
	} {
		if r.Err() == nil || !strings.Contains(r.Err().Error(), want) {
			t.Errorf("error is %v, want one with %q", r.Err(), want)
		}
		if _, err := handlertest.Event(r.With("eventID", `"x"`)); err == nil {
			t.Errorf("a record with the error %q made an event", r.Err())
		}
	}
}
