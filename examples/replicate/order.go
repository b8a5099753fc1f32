package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

// Order is the item as DynamoDB holds it; together its attributes have every type there is.
type Order struct {
	ID         string                  `dynamodbav:"pk"`
	Status     string                  `dynamodbav:"status"`
	Total      attributevalue.Number   `dynamodbav:"total"` // exact: money is no float
	Paid       bool                    `dynamodbav:"paid"`
	Placed     time.Time               `dynamodbav:"placed_at,unixtime"`
	Note       *string                 `dynamodbav:"note"`
	Receipt    []byte                  `dynamodbav:"receipt"`
	Customer   Customer                `dynamodbav:"customer"`
	Lines      []Line                  `dynamodbav:"lines"`
	Tags       []string                `dynamodbav:"tags,stringset"`
	Discounts  []attributevalue.Number `dynamodbav:"discounts,numberset"`
	Signatures [][]byte                `dynamodbav:"signatures,binaryset"`
}

// Customer is a map attribute, and a JSON column.
type Customer struct {
	Name string `dynamodbav:"name" json:"name"`
	City string `dynamodbav:"city" json:"city,omitempty"`
}

// Line is an element of a list attribute.
type Line struct {
	SKU      string                `dynamodbav:"sku" json:"sku"`
	Quantity int                   `dynamodbav:"quantity" json:"quantity"`
	Price    attributevalue.Number `dynamodbav:"price" json:"price"`
}

// OrderRow is the row as the database holds it.
type OrderRow struct {
	ID         string                  `db:"id,key"`
	Status     string                  `db:"status"`
	Total      attributevalue.Number   `db:"total"`
	Paid       bool                    `db:"paid"`
	Placed     time.Time               `db:"placed_at"`
	Note       *string                 `db:"note"`
	Receipt    []byte                  `db:"receipt"`
	Customer   Customer                `db:"customer"`
	Lines      []Line                  `db:"order_lines"`
	Tags       []string                `db:"tags"`
	Discounts  []attributevalue.Number `db:"discounts"`
	Signatures [][]byte                `db:"signatures"`
}

// rowOf is the mapping between the two; here it only changes tags, so a conversion does it.
func rowOf(o *Order) OrderRow { return OrderRow(*o) }
