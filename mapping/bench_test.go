package mapping

import (
	"testing"
	"time"
)

type benchFlat struct {
	PK      string    `dynamodbav:"pk"`
	SK      string    `dynamodbav:"sk"`
	Name    string    `dynamodbav:"name"`
	Email   string    `dynamodbav:"email"`
	Status  string    `dynamodbav:"status"`
	Qty     int       `dynamodbav:"qty"`
	Total   float64   `dynamodbav:"total"`
	Paid    bool      `dynamodbav:"paid"`
	Version int64     `dynamodbav:"version"`
	Placed  time.Time `dynamodbav:"placed_at,unixtime"`
}

const benchFlatItem = `{"pk":{"S":"CUSTOMER#00000017"},"sk":{"S":"ORDER#2026-01-17#000017"},"name":{"S":"Some One"},"email":{"S":"someone17@example.org"},` +
	`"status":{"S":"SHIPPED"},"qty":{"N":"17"},"total":{"N":"129.95"},"paid":{"BOOL":true},"version":{"N":"3"},"placed_at":{"N":"1768608000"}}`

func BenchmarkDecodeFlat(b *testing.B) {
	d, _ := NewDecoder[benchFlat]()
	var v benchFlat
	b.SetBytes(int64(len(benchFlatItem)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.DecodeString(benchFlatItem, &v); err != nil {
			b.Fatal(err)
		}
	}
}
