package sinktest

import (
	"slices"
	"strings"
	"testing"
)

// faults are what can be wrong with a store, one at a time.
var faults = map[string]struct {
	features Features
	caught   string // by this case, perhaps by others too; several are separated by "; "
}{
	"updates only":                {plainStore, "upsert inserts"},
	"inserts only":                {plainStore, "upsert replaces"},
	"adds up":                     {plainStore, "upsert replaces"},
	"never deletes":               {plainStore, "delete removes"},
	"deletes by value":            {plainStore, "delete removes"},
	"absent rows fail":            {plainStore, "delete absent"},
	"first write wins":            {plainStore, "last write wins"},
	"folds case":                  {plainStore, "awkward keys"},
	"trims keys":                  {plainStore, "awkward keys"},
	"cuts NUL":                    {plainStore, "unusual keys"},
	"cuts long keys":              {plainStore, "unusual keys"},
	"refuses empty keys":          {plainStore, "unusual keys"},
	"folds keys":                  {plainStore, "same key"},
	"one statement":               {plainStore, "many rows"},
	"stale snapshot":              {plainStore, "subsets; concurrent batches"},
	"drops functions":             {plainStore, "function between rows"},
	"unmarked deadlock":           {plainStore, "concurrent batches"},
	"writes at once":              {plainStore, "failed record; cancelled context"},
	"skips refused rows":          {plainStore, "refused row"},
	"transient refusal":           {plainStore, "refused row"},
	"leaks values":                {plainStore, "refused row"},
	"blames another":              {plainStore, "refused row"},
	"not atomic":                  {plainStore, "refused row leaves nothing"},
	"commits after errors":        {plainStore, "failed function leaves nothing"},
	"forgets failed units":        {plainStore, "again after a failure"},
	"repetition fails":            {plainStore, "redelivered batch"},
	"repetition adds":             {plainStore, "redelivered suffixes"},
	"reads twice":                 {plainStore, "upsert inserts"},
	"undeclared":                  {guardedStore, "guard is declared"},
	"no guard":                    {guardedStore, "stale upsert; any order converges"},
	"no tombstones":               {guardedStore, "stale upsert after delete"},
	"guards upserts only":         {guardedStore, "stale delete"},
	"revives nothing":             {guardedStore, "stale delete after delete"},
	"stale rows fail":             {guardedStore, "stale rows among others"},
	"forgets tombstones":          {guardedStore, "stale batches"},
	"trusts the order of batches": {guardedStore, "unordered batch"},
	"compares text":               {guardedStore, "sequence numbers are numbers"},
	"compares floats":             {guardedStore, "sequence numbers are numbers"},
	"strictly newer":              {guardedStore, "function between rows"},
	"compacts":                    {appendingStore, "appends"},
	"appends again":               {onceStore, "appends once"},
}

// TestBrokenStores breaks one promise at a time. The suite must notice, and by a case that names the promise.
func TestBrokenStores(t *testing.T) {
	t.Parallel()
	for fault, broken := range faults {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			caught := catchers(t, broken.features, fault)
			for name := range strings.SplitSeq(broken.caught, "; ") {
				if !slices.Contains(caught, name) {
					t.Errorf("the case %q did not notice; these did: %q", name, caught)
				}
			}
		})
	}
}

// A case that no fault is caught by would be a promise that nobody is held to.
func TestEveryCaseCatchesAFault(t *testing.T) {
	t.Parallel()
	catches := map[string]bool{}
	for _, broken := range faults {
		for name := range strings.SplitSeq(broken.caught, "; ") {
			catches[name] = true
		}
	}
	for _, c := range cases[row]() {
		if !catches[c.name] {
			t.Errorf("the case %q has no fault to catch", c.name)
		}
		delete(catches, c.name)
	}
	if len(catches) > 0 {
		t.Errorf("faults name cases that there are not: %v", catches)
	}
}

// A failure says what was found, what should be, and what led to it.
func TestFailuresExplainThemselves(t *testing.T) {
	t.Parallel()
	s := &suite[row]{Subject: subject(guardedStore, "no tombstones"), features: guardedStore}
	err := stale[row](up("a", 1), del("a"))(t.Context(), s)
	if err == nil {
		t.Fatal("the fault went unnoticed")
	}
	for _, part := range []string{`row "a" should be absent and is version 1`, "delivered: #", " delete, #", " upsert version 1"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
}

// catchers returns the cases that fail on a store with the fault.
func catchers(t *testing.T, features Features, fault string) []string {
	var caught []string
	for _, c := range cases[row]() {
		s := &suite[row]{Subject: subject(features, fault), features: features}
		if features.excludes(c.needs) {
			continue
		}
		if err := c.run(t.Context(), s); err != nil {
			caught = append(caught, c.name)
		}
	}
	return caught
}
