package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

// values are attribute values of every type, typical and extreme.
var values = []string{
	`{"S":""}`, `{"S":"text"}`, `{"S":"12"}`, `{"S":"-1.5"}`, `{"S":"\u00e9\n\"\ud83d\ude00"}`, `{"S":"2024-02-29T12:30:00.123Z"}`,
	`{"S":"1e400"}`, `{"S":"true"}`,
	`{"N":"0"}`, `{"N":"-0"}`, `{"N":"1"}`, `{"N":"-7"}`, `{"N":"127"}`, `{"N":"128"}`, `{"N":"255"}`, `{"N":"1700000000"}`,
	`{"N":"2147483648"}`, `{"N":"9223372036854775807"}`, `{"N":"9223372036854775808"}`, `{"N":"18446744073709551615"}`,
	`{"N":"-9223372036854775808"}`, `{"N":"18446744073709551616"}`, `{"N":"1.5"}`, `{"N":"0.1"}`, `{"N":"-2.50"}`, `{"N":"1E2"}`, `{"N":"+5"}`,
	`{"N":"1.0"}`, `{"N":"00012"}`,
	`{"BOOL":true}`, `{"BOOL":false}`, `{"NULL":true}`, `{"NULL":false}`, `{"B":""}`, `{"B":"AAEC"}`, `{"B":"AAECAwQFBgc="}`, `{ "B" : "AA\n==" }`,
	`{"SS":["a"]}`, `{"SS":["a","b\u0041"]}`, `{"NS":["1"]}`, `{"NS":["1","2.5","-3"]}`, `{"BS":["AA=="]}`, `{"BS":["AA==",""]}`,
	`{"L":[]}`, `{"L":[{"S":"a"},{"S":"b"}]}`, `{"L":[{"N":"1"},{"NULL":true},{"S":"x"}]}`, `{"L":[{"L":[{"N":"1"}]},{"L":[]}]}`,
	`{"L":[{"M":{"deep":{"S":"x"}}},{"M":{}}]}`, `{"M":{}}`, `{"M":{"deep":{"S":"x"},"Shadow":{"S":"y"}}}`, `{"M":{"a":{"N":"1"}}}`,
	`{"M":{"1":{"S":"x"},"2":{"S":"y"}}}`, `{"M":{"true":{"N":"1"}}}`, `{"M":{"DEEP":{"S":"x"}}}`, `{"M":{"a":{"M":{"deep":{"S":"x"}}}}}`,
	`{"M":{"Name":{"S":"r"},"Children":{"L":[{"M":{"name":{"S":"c"}}}]},"Next":{"M":{"Name":{"S":"n"}}},"ByName":{"M":{"k":{"M":{}}}}}}`,
	`{"M":{"1.5":{"S":"x"}}}`,
}

// TestSameAsAttributevalue decodes every value into every field of everything
// and wants attributevalue's result: the same value, or both an error.
func TestSameAsAttributevalue(t *testing.T) {
	t.Parallel()
	for _, o := range []struct {
		name string
		opts []Option
		same func(*attributevalue.DecoderOptions)
	}{
		{"default", nil, func(o *attributevalue.DecoderOptions) { o.UseNumber = true }},
		{"lossy", []Option{LossyNumbers()}, func(*attributevalue.DecoderOptions) {}},
		{"clone", []Option{CloneStrings()}, func(o *attributevalue.DecoderOptions) { o.UseNumber = true }},
		{"text", []Option{DecoderOptions(useText)}, func(o *attributevalue.DecoderOptions) { o.UseNumber = true; useText(o) }},
		{"sets", []Option{DecoderOptions(fixSets)}, func(o *attributevalue.DecoderOptions) { o.UseNumber = true; fixSets(o) }},
	} {
		d, err := NewDecoder[everything](o.opts...)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range append(fieldNames(), "mixedcase", "VIAPOINTER", "nothing") {
			for _, v := range values {
				item := fmt.Sprintf(`{%q:%s}`, name, v)
				var got everything
				compare(t, o.name+" "+item, &got, d.Decode([]byte(item), &got), usual[everything](item, o.same))
			}
		}
	}
}

func useText(o *attributevalue.DecoderOptions) { o.UseEncodingUnmarshalers = true }
func fixSets(o *attributevalue.DecoderOptions) { o.FixUnmarshalIndividualSetValues = true }

func fieldNames() (names []string) {
	fields, _, err := structFields(reflect.TypeFor[everything](), "")
	if err != nil {
		panic(err)
	}
	for _, f := range fields {
		names = append(names, f.name)
	}
	return append(names, "Ignored", "hidden")
}

type result[T any] struct {
	value T
	err   error
}

// usual is the route over the SDK: json, attribute values, UnmarshalMap.
func usual[T any](item string, opt func(*attributevalue.DecoderOptions)) (r result[T]) {
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("panic: %v", p)
		}
	}()
	m, err := attributevalue.UnmarshalMapJSON([]byte(item))
	if err != nil {
		return result[T]{err: err}
	}
	r.err = attributevalue.UnmarshalMapWithOptions(m, &r.value, opt)
	return r
}

func compare[T any](t *testing.T, what string, got *T, err error, want result[T]) {
	t.Helper()
	if errors.Is(err, errInexact) {
		return // the one documented difference; TestFloats has it
	}
	if (err == nil) != (want.err == nil) {
		t.Errorf("%s: got error %v, attributevalue %v", what, err, want.err)
		return
	}
	if err == nil && !reflect.DeepEqual(*got, want.value) {
		t.Errorf("%s: values differ:\n got %.300v\nwant %.300v", what, *got, want.value)
	}
}
