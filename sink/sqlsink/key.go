package sqlsink

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

var errEmptyKey = errors.New("the key is empty")

// keyText makes one string of a row's key columns. It is injective: rows have equal texts if and only if all key columns
// are equal. A single text column is its own key; several are length-prefixed.
func (c *columns) keyText(row reflect.Value, at []int, d Dialect) (string, error) {
	if len(at) == 1 {
		text, filled, err := c.keyPart(row, at[0], d)
		if err == nil && !filled {
			err = fmt.Errorf("column %q: %w", c.all[at[0]].name, errEmptyKey)
		}
		return text, err
	}
	var joined []byte
	any := false
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

// keyPart is one key column as text, and whether it is filled: an empty string is most likely a field that the handler
// forgot to set.
func (c *columns) keyPart(row reflect.Value, k int, d Dialect) (text string, filled bool, err error) {
	arg, err := c.all[k].value(row, d)
	if err != nil {
		return "", false, err
	}
	switch v := arg.(type) {
	case string:
		return v, v != "", nil
	case []byte:
		return string(v), len(v) > 0, nil
	case int64:
		return strconv.FormatInt(v, 10), true, nil
	case bool:
		return strconv.FormatBool(v), true, nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true, nil
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), true, nil
	case nil:
		return "", false, fmt.Errorf("column %q: a key column cannot be NULL", c.all[k].name)
	}
	return "", false, fmt.Errorf("column %q: a %T cannot be a key", c.all[k].name, arg)
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
