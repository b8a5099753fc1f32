package mongosink

import (
	"bytes"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func keyOf(id bson.RawValue) string { return string(append([]byte{byte(id.Type)}, id.Value...)) }

func (d database) rows(c command) map[string]bson.Raw {
	name := c.body.Lookup(c.name).StringValue()
	if d.documents[name] == nil {
		d.documents[name] = map[string]bson.Raw{}
	}
	return d.documents[name]
}

// write carries out the statements of a write command. They are unordered: each is tried.
func (d database) write(c command) bson.D {
	rows, matched := d.rows(c), 0
	var errs, upserted bson.A
	for i, op := range c.ops {
		n, code, message := 0, 0, ""
		switch c.name {
		case "insert":
			n, code, message = d.put(c, op, false)
		case "update":
			var inserted bool
			n, inserted, code, message = d.update(c, op)
			if inserted {
				upserted = append(upserted, bson.D{{Key: "index", Value: i}, {Key: "_id", Value: 0}})
			}
		case "delete":
			for _, doc := range found(rows, op.Lookup("q").Document()) {
				delete(rows, keyOf(doc.Lookup("_id")))
				n++
			}
		}
		matched += n
		if code != 0 {
			errs = append(errs, bson.D{{Key: "index", Value: i}, {Key: "code", Value: code}, {Key: "errmsg", Value: message}})
		}
	}
	answer := bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: matched}}
	if upserted != nil {
		answer = append(answer, bson.E{Key: "upserted", Value: upserted})
	}
	if errs != nil {
		answer = append(answer, bson.E{Key: "writeErrors", Value: errs})
	}
	return answer
}

// update replaces the document that q finds, or sets fields of it.
func (d database) update(c command, op bson.Raw) (n int, inserted bool, code int, message string) {
	q, u := op.Lookup("q").Document(), op.Lookup("u").Document()
	if docs := found(d.rows(c), q); len(docs) > 0 {
		if set, err := u.LookupErr("$set"); err == nil {
			u = merged(docs[0], set.Document())
		}
		n, code, message = d.put(c, u, true)
		return n, false, code, message
	}
	if upsert, ok := op.Lookup("upsert").BooleanOK(); !ok || !upsert {
		return 0, false, 0, ""
	}
	n, code, message = d.put(c, u, false)
	return n, code == 0, code, message
}

func merged(doc, set bson.Raw) bson.Raw {
	b := newBuilder(len(doc) + len(set))
	elements, _ := doc.Elements()
	for _, e := range elements {
		if _, err := set.LookupErr(e.Key()); err != nil {
			b.raw(e)
		}
	}
	elements, _ = set.Elements()
	for _, e := range elements {
		b.raw(e)
	}
	return b.done()
}

// refusedText is what a document must not hold: the stand-in for a validator.
const refusedText = "refused"

func (d database) put(c command, doc bson.Raw, replace bool) (n, code int, message string) {
	rows, key := d.rows(c), keyOf(doc.Lookup("_id"))
	if bytes.Contains(doc, []byte(refusedText)) {
		return 0, 121, `Document failed validation`
	}
	if _, taken := rows[key]; taken && !replace {
		return 0, 11000, `E11000 duplicate key error collection: shop.c index: _id_ dup key: { _id: "` + key + `" }`
	}
	for _, field := range d.unique[c.body.Lookup(c.name).StringValue()] {
		value, err := doc.LookupErr(field)
		for other, row := range rows {
			if err == nil && other != key && row.Lookup(field).Equal(value) {
				return 0, 11000, `E11000 duplicate key error collection: shop.c index: ` + field + `_1 dup key: { ` + field + `: "` + value.String() + `" }`
			}
		}
	}
	rows[key] = doc
	return 1, 0, ""
}

// found returns the documents that a filter finds, sorted by _id. One that names _ids costs no more than these.
func found(rows map[string]bson.Raw, filter bson.Raw) []bson.Raw {
	docs := []bson.Raw{}
	for _, key := range candidates(rows, filter) {
		if doc, there := rows[key]; there && matches(doc, filter) {
			docs = append(docs, doc)
		}
	}
	return docs
}

func candidates(rows map[string]bson.Raw, filter bson.Raw) []string {
	id, err := filter.LookupErr("_id")
	if err != nil {
		return slices.Sorted(maps.Keys(rows))
	}
	doc, _ := id.DocumentOK()
	in, ok := doc.Lookup("$in").ArrayOK()
	if !ok {
		return []string{keyOf(id)}
	}
	ids, _ := in.Values()
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = keyOf(id)
	}
	return keys
}

// matches looks at all but the _id. It knows equality, null for missing, $in, $lte and $not $gt.
func matches(doc, filter bson.Raw) bool {
	elements, _ := filter.Elements()
	for _, e := range elements {
		if e.Key() == "_id" {
			continue // candidates has looked
		}
		value, err := doc.LookupErr(e.Key())
		if !holds(value, err == nil, e.Value()) {
			return false
		}
	}
	return true
}

func holds(value bson.RawValue, there bool, want bson.RawValue) bool {
	condition, _ := want.DocumentOK()
	text, isText := value.StringValueOK()
	if in, ok := condition.Lookup("$in").ArrayOK(); ok {
		values, _ := in.Values()
		return slices.ContainsFunc(values, value.Equal)
	}
	if most, err := condition.LookupErr("$lte"); err == nil {
		return isText && text <= most.StringValue()
	}
	if not, err := condition.LookupErr("$not", "$gt"); err == nil {
		return !isText || text <= not.StringValue()
	}
	if want.Type == bson.TypeNull {
		return !there || value.Type == bson.TypeNull
	}
	return there && value.Equal(want)
}

func (d database) find(c command) bson.D {
	docs := found(d.rows(c), c.body.Lookup("filter").Document())
	ns := c.body.Lookup("$db").StringValue() + "." + c.body.Lookup("find").StringValue()
	return bson.D{{Key: "ok", Value: 1}, {Key: "cursor", Value: bson.D{{Key: "id", Value: int64(0)}, {Key: "ns", Value: ns}, {Key: "firstBatch", Value: docs}}}}
}

// index keeps the specifications of indexes, and changes the retention of one.
func (d database) index(c command) bson.D {
	name := c.body.Lookup(c.name).StringValue()
	switch c.name {
	case "createIndexes":
		specs, _ := c.body.Lookup("indexes").Array().Values()
		for _, spec := range specs {
			for _, old := range d.indexes[name] {
				if old.Lookup("key").Equal(spec.Document().Lookup("key")) && !bytes.Equal(old, spec.Document()) {
					return failure(85, "IndexOptionsConflict")
				}
			}
			d.indexes[name] = []bson.Raw{spec.Document()}
		}
	case "collMod":
		change := c.body.Lookup("index").Document()
		d.indexes[name] = []bson.Raw{merged(d.indexes[name][0], change)}
	case "listIndexes":
		if d.indexes[name] == nil {
			return failure(26, "NamespaceNotFound")
		}
		return bson.D{{Key: "ok", Value: 1}, {Key: "cursor", Value: bson.D{{Key: "id", Value: int64(0)}, {Key: "ns", Value: "shop." + name}, {Key: "firstBatch", Value: d.indexes[name]}}}}
	}
	return ok
}
