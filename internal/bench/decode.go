package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"time"

	"github.com/dynasink/dynasink/internal/streamjson"
	"github.com/dynasink/dynasink/mapping"
)

// decodeCase is a payload of records, decoded into values of one type.
type decodeCase struct {
	name    string
	payload []byte
	records int
	routes  []route
}

// decodeSuite measures from a payload's bytes to Go values. It runs on one
// processor, like a Lambda function of up to 1,769 MB does.
func decodeSuite(quick bool) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	rounds, least := 15, 100*time.Millisecond
	if quick {
		rounds, least = 7, 70*time.Millisecond
	}
	var cases []decodeCase
	for _, build := range []func() (decodeCase, error){
		func() (decodeCase, error) { return newCase[flat]("flat/new", flatItem, 1000, false) },
		func() (decodeCase, error) { return newCase[flat]("flat/both", flatItem, 1000, true) },
		func() (decodeCase, error) { return newCase[nested]("nested/new", nestedItem, 1000, false) },
		func() (decodeCase, error) { return newCase[nested]("nested/both", nestedItem, 1000, true) },
		func() (decodeCase, error) { return newCase[document]("400kb/new", documentItem, 6, false) },
	} {
		c, err := build()
		if err != nil {
			return err
		}
		cases = append(cases, c)
	}
	for _, c := range cases {
		if err := c.measure(rounds, least); err != nil {
			return err
		}
	}
	return nil
}

// newCase builds a payload and checks that all routes make the same of it.
func newCase[T any](name string, item func(int) string, records int, both bool) (decodeCase, error) {
	c := decodeCase{name: name, payload: payload(item, records), records: records}
	// The usual routes put a float64 into an interface.
	decoder, err := mapping.NewDecoder[T](mapping.LossyNumbers())
	if err != nil {
		return c, err
	}
	var values [5][]T
	for i, decode := range []func([]byte, bool, func(T)) error{
		func(p []byte, both bool, sink func(T)) error { return decodeOurs(decoder, p, both, sink) },
		decodeUsual[T], decodeSDK[T], decodeJSONText[T],
		func(p []byte, both bool, sink func(T)) error { return decodeTwice(decoder, p, both, sink) },
	} {
		if err := decode(c.payload, both, func(v T) { values[i] = append(values[i], v) }); err != nil {
			return c, err
		}
		if !reflect.DeepEqual(values[i], values[0]) {
			return c, fmt.Errorf("%s: route %d gives other values", name, i)
		}
		values[max(1, i)] = nil
		c.routes = append(c.routes, route{
			name: [...]string{"dynasink", "usual", "sdk", "jsontext", "two-pass"}[i],
			run:  func() error { return decode(c.payload, both, func(T) {}) },
		})
	}
	c.routes = append(c.routes, c.validators()...)
	return c, nil
}

var errInvalid = errors.New("payload is not valid")

// validators only check that the payload is JSON: the standard library, and
// the fastest one here, which is the ceiling of what decoding can reach.
func (c *decodeCase) validators() []route {
	text := string(c.payload)
	check := func(valid func() bool) func() error {
		return func() error {
			if !valid() {
				return errInvalid
			}
			return nil
		}
	}
	return []route{
		{"jsonvalid", check(func() bool { return json.Valid(c.payload) })},
		{"ceiling", check(func() bool { return streamjson.Valid(text) })},
	}
}

func (c *decodeCase) measure(rounds int, least time.Duration) error {
	samples, err := measure(c.routes, rounds, least)
	if err != nil {
		return err
	}
	by := map[string][]sample{}
	for i, r := range c.routes {
		by[r.name] = samples[i]
		fmt.Fprintf(os.Stderr, "decode/%s %-9s %9.0f ns/record %8.2f allocs/record  x%.2f\n", c.name, r.name,
			c.nanoseconds(samples[i]), c.allocs(samples[i]), ratio(samples[1], samples[i]))
	}
	ours := by["dynasink"]
	ns := c.nanoseconds(ours)
	fmt.Printf("decode/%s ns_per_record=%.0f mb_per_s=%.0f allocs_per_record=%.2f x_usual=%.1f x_jsonvalid=%.2f of_ceiling=%.2f\n",
		c.name, ns, float64(len(c.payload))/float64(c.records)/ns*1e3, c.allocs(ours),
		ratio(by["usual"], ours), ratio(by["jsonvalid"], ours), ratio(by["ceiling"], ours))
	return nil
}

func (c *decodeCase) nanoseconds(s []sample) float64 {
	return medianOf(len(s), func(i int) float64 { return float64(s[i].time) / float64(c.records) })
}

func (c *decodeCase) allocs(s []sample) float64 {
	return medianOf(len(s), func(i int) float64 { return s[i].allocs / float64(c.records) })
}
