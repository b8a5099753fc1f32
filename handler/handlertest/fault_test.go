package handlertest_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/handler/handlertest"
)

func once(at int, fault handlertest.Fault) func(int) handlertest.Fault {
	return func(invocation int) handlertest.Fault {
		if invocation == at {
			return fault
		}
		return handlertest.NoFault
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[handlertest.Fault]string{
		handlertest.NoFault:    "1-2 3-4 5-6",
		handlertest.Duplicate:  "1-2 3-4 3-4 5-6",
		handlertest.LoseAnswer: "1-2 3-4 3-4 5-6",
		handlertest.Abandon:    "1-2 3-4 3-4 5-6",
	} {
		esm := handlertest.EventSourceMapping{BatchSize: 2, Fault: once(1, fault)}
		result, err := esm.Run(t.Context(), function(func([]string) (string, error) { return done, nil }), stream(6)...)
		var got calls
		for i, invocation := range result.Invocations {
			got.add(names(invocation.Records))
			if invocation.Duplicate != (i == 2 && fault == handlertest.Duplicate) || invocation.Fault != map[bool]handlertest.Fault{i == 1: fault}[true] {
				t.Errorf("fault %d: invocation %d is %+v", fault, i, invocation)
			}
		}
		if err != nil || got.String() != want {
			t.Errorf("fault %d: delivered %q, want %q; %v", fault, got.String(), want, err)
		}
	}
}

// TestZombie: an abandoned invocation goes on while the next one runs, and Run waits for it.
func TestZombie(t *testing.T) {
	t.Parallel()
	second := make(chan struct{})
	var got calls
	ended := false
	esm := handlertest.EventSourceMapping{Fault: once(0, handlertest.Abandon)}
	result, err := esm.Run(t.Context(), zombie(func(call int) {
		if call == 0 {
			<-second
			ended = true
		} else {
			close(second)
		}
	}, &got), stream(2)...)
	if err != nil || !ended || len(result.Invocations) != 2 || string(result.Invocations[0].Response) != done {
		t.Errorf("ended %v, %v, %v", ended, result.Invocations, err)
	}
	if text := result.Invocations[0].String(); !strings.Contains(text, "abandoned") {
		t.Errorf("the zombie is told as %q", text)
	}
}

func zombie(run func(call int), got *calls) function {
	var mu sync.Mutex
	n := 0
	return func(records []string) (string, error) {
		mu.Lock()
		call := n
		n++
		mu.Unlock()
		got.add(records)
		run(call)
		return done, nil
	}
}

func TestRandomFaults(t *testing.T) {
	t.Parallel()
	count := map[handlertest.Fault]int{}
	one := handlertest.RandomFaults(7, 0.3, handlertest.Duplicate, handlertest.LoseAnswer)
	two := handlertest.RandomFaults(7, 0.3, handlertest.Duplicate, handlertest.LoseAnswer)
	for i := range 1000 {
		count[one(i)]++
		if one(i) != two(i) {
			t.Fatalf("two equal ones differ at %d", i)
		}
	}
	if count[handlertest.NoFault] < 600 || count[handlertest.Duplicate] < 100 || count[handlertest.LoseAnswer] < 100 {
		t.Errorf("of 1000 invocations %v had faults", count)
	}
	if f := handlertest.RandomFaults(1, 1)(0); f != handlertest.NoFault {
		t.Errorf("without faults there is %d", f)
	}
}

// TestPanicsAndGoexit are errors of the function.
func TestPanicOfTheFunction(t *testing.T) {
	t.Parallel()
	result, err := handlertest.EventSourceMapping{MaximumRetryAttempts: new(0)}.Run(t.Context(),
		function(func([]string) (string, error) { panic("at the disco") }), stream(2)...)
	if err != nil || len(result.Discarded) != 1 || !strings.Contains(result.Invocations[0].String(), "at the disco") {
		t.Errorf("%v, %v", result, err)
	}
}

// TestEveryRecordArrivesInOrder delivers random streams by random mappings to a function that fails at random: per item the
// first deliveries are in order, every record that was not discarded was acknowledged, parents are drained before their
// children, and equal mappings make equal runs.
func TestEveryRecordArrivesInOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		m := randomMapping(seed)
		records := randomStream(seed)
		result, err := m.Run(t.Context(), flaky(seed, records), records...)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if problem := check(m, records, result); problem != "" {
			t.Fatalf("seed %d: %+v: %s", seed, m, problem)
		}
		if again, _ := m.Run(t.Context(), flaky(seed, records), records...); !m.Concurrent && !reflect.DeepEqual(result, again) {
			t.Fatalf("seed %d: two runs differ", seed)
		}
	}
}

func randomMapping(seed uint64) handlertest.EventSourceMapping {
	random := rand.New(rand.NewPCG(seed, 2))
	flip := func() bool { return random.IntN(2) == 0 }
	retries := random.IntN(4)
	return handlertest.EventSourceMapping{
		BatchSize: 1 + random.IntN(12), ParallelizationFactor: 1 + random.IntN(4), ReportBatchItemFailures: true,
		BisectBatchOnFunctionError: flip(), MaximumRetryAttempts: &retries, Shards: 1 + random.IntN(3), Splits: random.IntN(3),
		Fault: handlertest.RandomFaults(seed, 0.2, handlertest.Duplicate, handlertest.LoseAnswer), Concurrent: flip(), Seed: seed,
	}
}

// randomStream has 60 changes of 12 items; key says of which.
func randomStream(seed uint64) []handlertest.Record {
	random := rand.New(rand.NewPCG(seed, 3))
	table := handlertest.Table{Keys: []string{"pk"}}
	records := make([]handlertest.Record, 60)
	for i := range records {
		records[i] = table.Insert(Order{ID: fmt.Sprint(random.IntN(12))})
	}
	return records
}

func key(r handlertest.Record) string {
	_, rest, _ := strings.Cut(r.String(), `"Keys":`)
	key, _, _ := strings.Cut(rest, `}}`)
	return key
}

// flaky fails by the records it gets, so that the order of concurrent invocations does not matter.
func flaky(seed uint64, records []handlertest.Record) function {
	at := map[string]handlertest.Record{}
	for _, r := range records {
		at[name(r)] = r
	}
	return func(batch []string) (string, error) {
		var first uint64
		_, _ = fmt.Sscan(batch[0], &first)
		random := rand.New(rand.NewPCG(seed, first*100+uint64(len(batch))))
		switch random.IntN(6) {
		case 0:
			return "", errors.New("no")
		case 1:
			return failure(at[batch[random.IntN(len(batch))]]), nil
		}
		return done, nil
	}
}

func check(m handlertest.EventSourceMapping, records []handlertest.Record, result handlertest.Result) string {
	acknowledged, last := map[string]bool{}, map[string]int{}
	var seen []string
	for _, i := range result.Invocations {
		if len(i.Records) > m.BatchSize {
			return fmt.Sprintf("a batch of %d", len(i.Records))
		}
		for _, r := range i.Records {
			position := slices.IndexFunc(records, func(o handlertest.Record) bool { return o.SequenceNumber() == r.SequenceNumber() })
			if new := !slices.Contains(seen, name(r)); new && position < last[key(r)] {
				return fmt.Sprintf("record %s came after %d", name(r), last[key(r)]+1)
			}
			seen, last[key(r)] = append(seen, name(r)), max(position, last[key(r)])
			if i.Err == nil && i.Failed == "" {
				acknowledged[name(r)] = true
			}
			if i.Err == nil && i.Failed != "" && position < slices.IndexFunc(records, func(o handlertest.Record) bool { return o.SequenceNumber() == i.Failed }) {
				acknowledged[name(r)] = true
			}
		}
	}
	for _, d := range result.Discarded {
		for _, r := range d.Records {
			acknowledged[name(r)] = true
		}
	}
	if len(acknowledged) != len(records) {
		return fmt.Sprintf("%d of %d records were acknowledged or discarded", len(acknowledged), len(records))
	}
	return ""
}
