package mapping

import "github.com/dynasink/dynasink/internal/streamjson"

// typedItem reads a plain JSON object and writes it as an item in DynamoDB
// JSON; null becomes an item without attributes. It is the way back from item
// as far as plain JSON tells the types apart.
func (w *jsonWriter) typedItem() error {
	w.space()
	if end, err := streamjson.SkipValue(w.s, w.i); err == nil && w.s[w.i:end] == "null" {
		w.i = end
	} else if !w.accept('{') {
		return w.damage(errNotJSONObject)
	} else if err := w.object(0, w.typed); err != nil {
		return err
	}
	if w.space(); w.i != len(w.s) {
		return errTrailing
	}
	return nil
}

// typed writes the JSON value at which w stands as an attribute value.
func (w *jsonWriter) typed(depth int) error {
	if w.i >= len(w.s) {
		return streamjson.ErrTruncated
	}
	switch w.s[w.i] {
	case '"':
		return w.tagged(kindS, func() error { return copied(w, w.string) })
	case '{':
		w.i++
		return w.tagged(kindM, func() error { return w.object(depth+1, w.typed) })
	case '[':
		return w.tagged(kindL, func() error { return w.list(depth+1, w.typed) })
	case 't', 'f':
		return w.tagged(kindBOOL, func() error { return copied(w, w.bool) })
	case 'n':
		return w.tagged(kindNULL, w.null)
	}
	return w.tagged(kindN, w.digits)
}

func (w *jsonWriter) tagged(k kind, payload func() error) error {
	w.out = append(append(append(w.out, `{"`...), kindNames[k]...), `":`...)
	err := payload()
	w.out = append(w.out, '}')
	return err
}

func (w *jsonWriter) null() (err error) {
	w.i, err = streamjson.SkipValue(w.s, w.i)
	w.out = append(w.out, "true"...)
	return err
}

func (w *jsonWriter) digits() error {
	end, err := streamjson.SkipValue(w.s, w.i)
	if err != nil {
		return err
	}
	n := w.s[w.i:end]
	w.i = end
	w.out = append(append(append(w.out, '"'), n...), '"')
	return checkNumber(n)
}
