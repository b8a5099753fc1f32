package sqlsink

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
)

var errEmptyKey = errors.New("the key is empty")

// keyText makes one string of a row's key columns. It is injective: rows have equal texts if and only if all key columns
// are equal. A single text column is its own key; several are length-prefixed.
func (c *columns) keyText(row reflect.Value, at []int, d Dialect) (string, error) {
	if len(at) == 1 {
		part, filled, err := c.keyPart(row, at[0], d)
		if err == nil && !filled {
			err = fmt.Errorf("column %q: %w", c.all[at[0]].name, errEmptyKey)
		}
		return part, err
	}
	var buffer [128]byte
	joined, any := buffer[:0], false
	for _, k := range at {
		part, filled, err := c.keyPart(row, k, d)
		if err != nil {
			return "", err
		}
		any = any || filled
		joined = binary.AppendUvarint(joined, uint64(len(part)))
		joined = append(joined, part...)
	}
	if !any {
		return "", errEmptyKey
	}
	return string(joined), nil
}

// sameKey reports whether two rows have the same keyText.
func (c *columns) sameKey(a, b reflect.Value, at []int, d Dialect) bool {
	any := false
	for _, k := range at {
		x, filled, err := c.keyPart(a, k, d)
		if err != nil {
			return false
		}
		if y, _, err := c.keyPart(b, k, d); err != nil || x != y {
			return false
		}
		any = any || filled
	}
	return any
}

// keyPart is one key column as text, and whether it is filled: an empty string is most likely a field that the handler
// forgot to set.
func (c *columns) keyPart(row reflect.Value, k int, d Dialect) (part string, filled bool, err error) {
	value, err := c.all[k].value(row, d)
	if err == nil && value.kind == null {
		err = fmt.Errorf("column %q: a key column cannot be NULL", c.all[k].name)
	}
	if err != nil {
		return "", false, err
	}
	part, filled = value.keyText()
	return part, filled, nil
}

// keyHash is what stands for a key in the guard tables: keys may be longer than an index allows (a DynamoDB key has up to
// 3,072 bytes, a PostgreSQL index row 2,704).
func keyHash(parts ...string) string {
	h := sha256.New()
	var size [binary.MaxVarintLen64]byte
	for _, part := range parts {
		h.Write(size[:binary.PutUvarint(size[:], uint64(len(part)))])
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}
