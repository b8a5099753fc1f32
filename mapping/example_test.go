package mapping_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynasink/dynasink/mapping"
)

type Order struct {
	ID     string    `dynamodbav:"pk"`
	Status string    `dynamodbav:"status"`
	Total  float64   `dynamodbav:"total"`
	Tags   []string  `dynamodbav:"tags,stringset"`
	Placed time.Time `dynamodbav:"placed_at,unixtime"`
}

func ExampleDecoder() {
	decoder, err := mapping.NewDecoder[Order]()
	if err != nil {
		panic(err)
	}
	image := []byte(`{"pk":{"S":"o-1"},"status":{"S":"PAID"},"total":{"N":"129.95"},"tags":{"SS":["gift"]}}`)
	var order Order
	if err := decoder.Decode(image, &order); err != nil {
		panic(err)
	}
	fmt.Println(order.ID, order.Status, order.Total, order.Tags)
	// Output: o-1 PAID 129.95 [gift]
}

// Money is an exact number of any size.
type Money struct{ big.Rat }

func (m *Money) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	n, ok := av.(*types.AttributeValueMemberN)
	if !ok {
		return fmt.Errorf("money must be a number, not %T", av)
	}
	if _, ok := m.SetString(n.Value); !ok {
		return errors.New("no amount of money")
	}
	return nil
}

func ExampleDecoder_decimal() {
	decoder, err := mapping.NewDecoder[map[string]Money]()
	if err != nil {
		panic(err)
	}
	var item map[string]Money
	if err := decoder.Decode([]byte(`{"total":{"N":"12345678901234567890123456789.95"}}`), &item); err != nil {
		panic(err)
	}
	total := item["total"]
	fmt.Println(total.FloatString(2))
	// Output: 12345678901234567890123456789.95
}

type Customer struct {
	ID    string           `dynamodbav:"pk" db:"id,key"`
	Name  string           `dynamodbav:"name" db:"name"`
	Other mapping.Overflow `dynamodbav:"other" db:"other"` // other JSONB
}

func ExampleOverflow() {
	decoder, err := mapping.NewDecoder[Customer]()
	if err != nil {
		panic(err)
	}
	image := []byte(`{"pk":{"S":"c-1"},"name":{"S":"Ada"},"vip":{"BOOL":true},"tags":{"SS":["new","eu"]}}`)
	var customer Customer
	if err := decoder.Decode(image, &customer); err != nil {
		panic(err)
	}
	column, err := customer.Other.Value()
	fmt.Println(customer.Name, column, err)

	item, err := mapping.Marshal(customer)
	fmt.Println(string(item), err)
	// Output:
	// Ada {"vip":true,"tags":["new","eu"]} <nil>
	// {"name":{"S":"Ada"},"pk":{"S":"c-1"},"tags":{"SS":["new","eu"]},"vip":{"BOOL":true}} <nil>
}

func ExampleError() {
	decoder, err := mapping.NewDecoder[Order]()
	if err != nil {
		panic(err)
	}
	var order Order
	fmt.Println(decoder.Decode([]byte(`{"pk":{"S":"o-1"},"tags":{"SS":["gift",7]}}`), &order))
	fmt.Println(decoder.Decode([]byte(`{"pk":{"S":"o-1"},"total":{"N":"0.12345678901234567890"}}`), &order))
	// Output:
	// mapping: attribute tags[1]: payload must be a string
	// mapping: attribute total: cannot decode number into Go type float64: number would lose digits in this Go type (see LossyNumbers)
}

func ExampleToJSON() {
	text, err := mapping.ToJSON([]byte(`{"pk":{"S":"o-1"},"total":{"N":"129.95"},"lines":{"L":[{"M":{"qty":{"N":"2"}}}]}}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
	// Output: {"pk":"o-1","total":129.95,"lines":[{"qty":2}]}
}

func ExampleMarshal() {
	item, err := mapping.Marshal(Order{ID: "o-1", Status: "PAID", Total: 5, Placed: time.Unix(1768608000, 0)})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(item))
	// Output: {"pk":{"S":"o-1"},"placed_at":{"N":"1768608000"},"status":{"S":"PAID"},"tags":{"NULL":true},"total":{"N":"5"}}
}

type OrderRow struct {
	ID     string `db:"id,key"`
	Status string `db:"status"`
	Cents  int64  `db:"cents"`
	Tags   string `db:"tags"`
}

func ExampleAuto() {
	mapper, err := mapping.Auto[Order, OrderRow](
		mapping.Set("cents", func(o Order) (float64, error) { return o.Total * 100, nil }),
	)
	if err != nil {
		panic(err)
	}
	row, err := mapper.Map(context.Background(), Order{ID: "o-1", Status: "PAID", Total: 2.5, Tags: []string{"gift"}})
	fmt.Printf("%+v %v\n", row, err)

	_, err = mapping.Auto[Order, OrderRow]()
	fmt.Println(err)
	// Output:
	// {ID:o-1 Status:PAID Cents:250 Tags:["gift"]} <nil>
	// mapping: cannot map mapping_test.Order to mapping_test.OrderRow:
	// 	cents: no field has this name: override the field, or tag it "-"
}
