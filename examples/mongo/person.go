package main

import (
	"time"

	"github.com/dynasink/dynasink/mapping"
)

// Person is the item as DynamoDB holds it.
type Person struct {
	ID        string `dynamodbav:"id"`
	Name      string `dynamodbav:"name"`
	Nickname  string `dynamodbav:"nickname"`
	Age       *int   `dynamodbav:"age"`        // nil: the item has none
	CreatedAt int64  `dynamodbav:"created_at"` // seconds since 1970
}

// PersonRow is the document, and with its db tags a row as well.
type PersonRow struct {
	ID        string    `bson:"_id" db:"id,key"`
	Name      string    `bson:"name" db:"name"`
	Nickname  string    `bson:"nickname,omitempty" db:"nickname"`
	Age       int       `bson:"age" db:"age"`
	CreatedAt time.Time `bson:"created_at" db:"created_at"`
}

const defaultAge = 18

// newMapper goes by the fields' names and converts seconds to a date; only the default needs a function.
func newMapper() (mapping.Mapper[Person, PersonRow], error) {
	return mapping.Auto[Person, PersonRow](mapping.Set("age", func(p Person) (int, error) {
		if p.Age == nil {
			return defaultAge, nil
		}
		return *p.Age, nil
	}))
}
