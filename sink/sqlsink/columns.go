package sqlsink

import (
	"database/sql/driver"
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// columns is how a row type maps to columns, found out once per target.
type columns struct {
	all   []column
	every []int // indexes of all columns
	keys  []int // of the key columns
	owner []int // of the owner columns, for Children
}

type column struct {
	name   string
	index  []int // path to the struct field
	encode encoder
	goType reflect.Type
	key    bool
	owner  bool

	declared string // the column's type, where the tag gives it
	notNull  bool
}

// columnsOf reads the db tags of t.
func columnsOf(t reflect.Type) (*columns, error) {
	if t.Kind() != reflect.Struct || t == timeType {
		return nil, notAStruct(t)
	}
	c := &columns{}
	if err := c.add(t, nil); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, column := range c.all {
		if lower := strings.ToLower(column.name); seen[lower] {
			return nil, fmt.Errorf("sqlsink: two fields of %v are column %q", t, column.name)
		} else {
			seen[lower] = true
		}
		c.every = append(c.every, i)
		if column.key {
			c.keys = append(c.keys, i)
		}
		if column.owner {
			c.owner = append(c.owner, i)
		}
	}
	return c, nil
}

func (c *columns) add(t reflect.Type, path []int) error {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("db"), ",")
		index := append(append([]int(nil), path...), i)
		switch {
		case tag == "-":
		case flattened(f, tag):
			if err := c.add(f.Type, index); err != nil {
				return err
			}
		case f.Anonymous && f.Tag.Get("db") == "" && embedsPointer(f.Type):
			return fmt.Errorf("sqlsink: field %v.%s: embed the struct and not a pointer, or give the field a column", t, f.Name)
		case f.IsExported():
			if err := c.field(t, f, tag, options, index); err != nil {
				return err
			}
		case f.Tag.Get("db") != "":
			return fmt.Errorf("sqlsink: field %v.%s has a db tag but is not exported", t, f.Name)
		}
	}
	return nil
}

// flattened reports whether the columns of an embedded struct are the row's own.
func flattened(f reflect.StructField, tag string) bool {
	return f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct && !scalar(f.Type)
}

// embedsPointer reports whether sqlx would flatten t, an embedded field's type, although it may be nil.
func embedsPointer(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && !scalar(t)
}

func (c *columns) field(t reflect.Type, f reflect.StructField, name, options string, index []int) error {
	if name == "" {
		name = strings.ToLower(f.Name)
	}
	options, declared, _ := strings.Cut(options, "type=")
	column := column{name: name, index: index, goType: f.Type, declared: declared}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "key":
			column.key = true
		case "owner":
			column.owner = true
		case "notnull":
			column.notNull = true
		case "":
		default:
			return fmt.Errorf("sqlsink: field %v.%s: unknown option %q in its db tag (there are key, owner, notnull and type=)", t, f.Name, option)
		}
	}
	encode, err := encoderOf(f.Type)
	if err != nil {
		return fmt.Errorf("sqlsink: field %v.%s: %w", t, f.Name, err)
	}
	column.encode = encode
	c.all = append(c.all, column)
	return nil
}

func (c *columns) names() []string {
	names := make([]string, len(c.all))
	for i, column := range c.all {
		names[i] = column.name
	}
	return names
}

func (c *columns) keyNames() []string { return c.namesAt(c.keys) }

func (c *columns) namesAt(at []int) []string {
	names := make([]string, len(at))
	for i, k := range at {
		names[i] = c.all[k].name
	}
	return names
}

// read appends the values of some columns to cells.
func (c *columns) read(cells []datum, row reflect.Value, at []int, d Dialect) ([]datum, error) {
	for _, k := range at {
		value, err := c.all[k].value(row, d)
		if err != nil {
			return cells, err
		}
		cells = append(cells, value)
	}
	return cells, nil
}

func (c *column) value(row reflect.Value, d Dialect) (datum, error) {
	field := row
	for _, i := range c.index {
		field = field.Field(i)
	}
	value, err := c.encode(field, d)
	if err != nil {
		return datum{}, fmt.Errorf("column %q: %w", c.name, err)
	}
	return value, nil
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	valuerType = reflect.TypeFor[driver.Valuer]()
	textType   = reflect.TypeFor[encoding.TextMarshaler]()
)

// scalar reports whether a struct type is one column and not several.
func scalar(t reflect.Type) bool {
	if t == timeType || t.Implements(valuerType) || t.Implements(textType) {
		return true
	}
	p := reflect.PointerTo(t)
	return p.Implements(valuerType) || p.Implements(textType)
}
