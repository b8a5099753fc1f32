package handlertest_test

import (
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler/handlertest"
)

// TestShards: items stay on their shard, and a parent is drained before its children.
func TestShards(t *testing.T) {
	t.Parallel()
	records := randomStream(1)
	shards := func(m handlertest.EventSourceMapping) (order []string, items map[string]string) {
		items = map[string]string{}
		result, err := m.Run(t.Context(), function(func([]string) (string, error) { return done, nil }), records...)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range result.Invocations {
			if len(order) == 0 || order[len(order)-1] != i.Shard {
				order = append(order, i.Shard)
			}
			for _, r := range i.Records {
				items[key(r)] += " " + i.Shard
			}
		}
		return order, items
	}

	_, items := shards(handlertest.EventSourceMapping{BatchSize: 3, Shards: 4})
	used := map[string]bool{}
	for item, on := range items {
		one := strings.Fields(on)[0]
		used[one] = true
		if strings.Trim(strings.ReplaceAll(on, one, ""), " ") != "" {
			t.Errorf("item %s is on the shards %s", item, on)
		}
	}
	if len(used) < 3 {
		t.Errorf("12 items are on %d of 4 shards", len(used))
	}

	splits := 0
	for seed := range uint64(10) {
		order, _ := shards(handlertest.EventSourceMapping{BatchSize: 3, Splits: 1, Seed: seed})
		for i, shard := range order {
			if strings.HasSuffix(shard, "00") && i > 0 {
				t.Errorf("seed %d: the parent was read after a child: %v", seed, order)
			}
		}
		splits += len(order) - 1
	}
	if splits < 10 {
		t.Errorf("in ten runs with a split, %d changes of shard", splits)
	}
}

// TestParallelBatches: a failing item blocks its own parallel batch only.
func TestParallelBatches(t *testing.T) {
	t.Parallel()
	records := randomStream(2)
	run := func(factor int) (acknowledged int) {
		esm := handlertest.EventSourceMapping{BatchSize: 1, ParallelizationFactor: factor}
		result, err := esm.Run(t.Context(), function(func(batch []string) (string, error) {
			if batch[0] == "1" {
				return "", errNo
			}
			return done, nil
		}), records...)
		if err == nil {
			t.Error("a batch that always fails did not block its shard")
		}
		for _, i := range result.Invocations {
			if i.Err == nil {
				acknowledged++
			}
		}
		return acknowledged
	}
	if one, four := run(1), run(4); one != 0 || four < 20 {
		t.Errorf("beside a failing item %d records arrived, and with four parallel batches %d", one, four)
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	var got calls
	esm := handlertest.EventSourceMapping{Filter: func(r handlertest.Record) bool { return name(r) != "2" }, BatchSize: 2}
	result, err := esm.Run(t.Context(), function(func(records []string) (string, error) {
		got.add(records)
		return done, nil
	}), stream(4)...)
	if err != nil || got.String() != "1-3 4" || len(result.Invocations) != 2 {
		t.Errorf("%q, %v, %v", got.String(), result, err)
	}
}

func TestBadMappings(t *testing.T) {
	t.Parallel()
	table := handlertest.Table{Keys: []string{"pk"}}
	bad := table.Insert(Order{})
	for want, run := range map[string]func() error{
		"BatchSize":                           func() error { return runErr(t, handlertest.EventSourceMapping{BatchSize: 10001}) },
		"ParallelizationFactor is at most 10": func() error { return runErr(t, handlertest.EventSourceMapping{ParallelizationFactor: 11}) },
		"takes a ParallelizationFactor of 1": func() error {
			return runErr(t, handlertest.EventSourceMapping{ParallelizationFactor: 2, TumblingWindow: 1e9})
		},
		"TumblingWindow is at most":   func() error { return runErr(t, handlertest.EventSourceMapping{TumblingWindow: 1e13}) },
		`key attribute "pk" is empty`: func() error { return runErr(t, handlertest.EventSourceMapping{}, bad) },
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
	if err := runErr(t, handlertest.EventSourceMapping{}); err != nil {
		t.Errorf("a stream without records: %v", err)
	}
}

func runErr(t *testing.T, m handlertest.EventSourceMapping, records ...handlertest.Record) error {
	_, err := m.Run(t.Context(), function(func([]string) (string, error) { return done, nil }), records...)
	return err
}
