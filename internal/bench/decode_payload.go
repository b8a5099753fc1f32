package main

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"github.com/dynasink/dynasink/internal/bench/order"
)

const envelope = `{"eventID":"%032x","eventName":"MODIFY","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-central-1",` +
	`"dynamodb":{"ApproximateCreationDateTime":1768608000,"Keys":{"pk":{"S":"CUSTOMER#%08d"},"sk":{"S":"ORDER#%06d"}},` +
	`"NewImage":%s,"OldImage":%s,"SequenceNumber":"4421584500000000017450%08d","SizeBytes":%d,"StreamViewType":"NEW_AND_OLD_IMAGES"},` +
	`"eventSourceARN":"arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"}`

// payload builds a batch of MODIFY records, each with both images.
func payload(item func(int) string, records int) []byte {
	var b strings.Builder
	b.WriteString(`{"Records":[`)
	for i := range records {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, envelope, i, i, i, item(i), item(i+1), i, 300+i%50)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

// flat is an item of ten small attributes.
type flat = order.Order

func flatItem(i int) string {
	return fmt.Sprintf(`{"pk":{"S":"CUSTOMER#%08d"},"sk":{"S":"ORDER#%06d"},"name":{"S":"Customer %d"},"email":{"S":"user%d@example.com"},`+
		`"status":{"S":"%s"},"qty":{"N":"%d"},"total":{"N":"%d.%02d"},"paid":{"BOOL":%v},"version":{"N":"%d"},"placed_at":{"N":"%d"}}`,
		i, i, i, i, [...]string{"NEW", "PAID", "SHIPPED"}[i%3], i%40, i*7%1000, i%100, i%2 == 0, i%9, 1768608000+i)
}

// nested is an item with each attribute type, about 1.5 KB of it.
type nested struct {
	PK       string            `dynamodbav:"pk"`
	SK       string            `dynamodbav:"sk"`
	Note     *string           `dynamodbav:"note"`
	Created  time.Time         `dynamodbav:"created"`
	Updated  time.Time         `dynamodbav:"updated,unixtime"`
	Customer customer          `dynamodbav:"customer"`
	Lines    []line            `dynamodbav:"lines"`
	Tags     []string          `dynamodbav:"tags"`
	Scores   []float64         `dynamodbav:"scores"`
	Hashes   [][]byte          `dynamodbav:"hashes"`
	Blob     []byte            `dynamodbav:"blob"`
	Labels   map[string]string `dynamodbav:"labels"`
	Extra    map[string]any    `dynamodbav:"extra"`
	Deleted  *bool             `dynamodbav:"deleted"`
}

type customer struct {
	Name    string  `dynamodbav:"name"`
	Email   string  `dynamodbav:"email"`
	Address address `dynamodbav:"address"`
}

type address struct {
	Street  string `dynamodbav:"street"`
	City    string `dynamodbav:"city"`
	Zip     string `dynamodbav:"zip"`
	Country string `dynamodbav:"country"`
}

type line struct {
	SKU   string                `dynamodbav:"sku"`
	Title string                `dynamodbav:"title"`
	Qty   int                   `dynamodbav:"qty"`
	Price float64               `dynamodbav:"price"`
	Tax   attributevalue.Number `dynamodbav:"tax"`
}

func nestedItem(i int) string {
	var lines []string
	for n := range 5 {
		lines = append(lines, fmt.Sprintf(`{"M":{"sku":{"S":"SKU-%05d"},"title":{"S":"Article number %d"},"qty":{"N":"%d"},"price":{"N":"%d.95"},"tax":{"N":"0.19"}}}`,
			i%1000+n, n, n+1, i%90+n))
	}
	return fmt.Sprintf(`{"pk":{"S":"CUSTOMER#%08d"},"sk":{"S":"ORDER#%06d"},"note":{"S":"leave at \"door\" %d"},"created":{"S":"2026-01-17T10:%02d:00Z"},`+
		`"updated":{"N":"%d"},"customer":{"M":{"name":{"S":"Customer %d"},"email":{"S":"user%d@example.com"},"address":{"M":{"street":{"S":"%d Main Street"},`+
		`"city":{"S":"K\u00f6ln"},"zip":{"S":"50667"},"country":{"S":"DE"}}}}},"lines":{"L":[%s]},"tags":{"SS":["new","gift","priority","export"]},`+
		`"scores":{"NS":["1.5","2","%d"]},"hashes":{"BS":["q83vASNFZ4k=","ASNFZ4mrze8="]},"blob":{"B":"%s"},`+
		`"labels":{"M":{"channel":{"S":"web"},"campaign":{"S":"winter"},"shop":{"S":"eu-%d"}}},`+
		`"extra":{"M":{"a":{"N":"1"},"b":{"L":[{"S":"x"},{"BOOL":true}]},"c":{"NULL":true}}},"deleted":{"NULL":true}}`,
		i, i, i, i%60, 1768608000+i, i, i, i, strings.Join(lines, ","), i+3, blob(96), i%4)
}

func blob(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 37)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// document is an item near DynamoDB's limit of 400 KB.
type document struct {
	PK    string            `dynamodbav:"pk"`
	Body  string            `dynamodbav:"body"`
	Blob  []byte            `dynamodbav:"blob"`
	Lines []line            `dynamodbav:"lines"`
	Index map[string]string `dynamodbav:"index"`
}

func documentItem(i int) string {
	var lines, index []string
	for n := range 900 {
		lines = append(lines, fmt.Sprintf(`{"M":{"sku":{"S":"SKU-%05d"},"title":{"S":"Article number %d"},"qty":{"N":"%d"},"price":{"N":"%d.95"},"tax":{"N":"0.19"}}}`,
			n, n, n+1, i%90+n))
		index = append(index, fmt.Sprintf(`"key%06d":{"S":"value %d of a larger document"}`, n, n))
	}
	return fmt.Sprintf(`{"pk":{"S":"DOC#%d"},"body":{"S":"%s"},"blob":{"B":"%s"},"lines":{"L":[%s]},"index":{"M":{%s}}}`,
		i, strings.Repeat(`A line of text with a \"quoted\" word in it.\n`, 1600), blob(120_000), strings.Join(lines, ","), strings.Join(index, ","))
}
