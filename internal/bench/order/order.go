// Package order is the item that the benchmarks move.
package order

import "time"

// Table is where orders are kept, in the stream's database and in the other one.
const Table = "orders"

// Order is an item of ten small attributes, and the row that it becomes.
type Order struct {
	PK      string    `dynamodbav:"pk" db:"pk,key" gorm:"column:pk;primaryKey"`
	SK      string    `dynamodbav:"sk" db:"sk,key" gorm:"column:sk;primaryKey"`
	Name    string    `dynamodbav:"name" db:"name"`
	Email   string    `dynamodbav:"email" db:"email"`
	Status  string    `dynamodbav:"status" db:"status"`
	Qty     int       `dynamodbav:"qty" db:"qty"`
	Total   float64   `dynamodbav:"total" db:"total"`
	Paid    bool      `dynamodbav:"paid" db:"paid"`
	Version int64     `dynamodbav:"version" db:"version"`
	Placed  time.Time `dynamodbav:"placed_at,unixtime" db:"placed_at" gorm:"column:placed_at"`
}

// TableName implements gorm's schema.Tabler.
func (Order) TableName() string { return Table }
