package mapping

import "github.com/dynasink/dynasink/internal/streamjson"

// ToJSON turns an item in DynamoDB JSON into the plain JSON a reader expects:
// {"pk":{"S":"x"},"n":{"N":"1"}} becomes {"pk":"x","n":1}. Attributes keep
// their order. Numbers keep all their digits, so a reader that knows only
// float64 may round them. Binaries become base64 strings, sets become arrays,
// NULL becomes null. It is as strict as Decode; errors are of type *Error.
func ToJSON(item []byte) ([]byte, error) {
	return AppendJSON(make([]byte, 0, len(item)), item)
}

// AppendJSON appends what ToJSON returns to dst. After an error the returned
// slice is dst.
func AppendJSON(dst, item []byte) ([]byte, error) {
	w := jsonWriter{parser: parser{s: string(item)}, out: dst}
	if err := w.item(); err != nil {
		return dst, asError(err)
	}
	return w.out, nil
}

// jsonWriter copies what it parses to out, leaving out the attribute types (or
// putting them in: see typed).
type jsonWriter struct {
	parser
	out   []byte
	names names
}

func (w *jsonWriter) item() error {
	w.space()
	if !w.accept('{') {
		return errNotObject
	}
	if err := w.object(0, w.value); err != nil {
		return err
	}
	if w.space(); w.i != len(w.s) {
		return errTrailing
	}
	return nil
}

// between writes the elements of an array or object, separated by commas.
func (w *jsonWriter) between(closing byte, element func() error) error {
	if w.space(); w.accept(closing) {
		w.out = append(w.out, closing)
		return nil
	}
	for more := true; more; {
		w.space()
		if err := element(); err != nil {
			return err
		}
		var err error
		if more, err = w.more(closing); err != nil {
			return err
		}
		w.out = append(w.out, ',')
	}
	w.out[len(w.out)-1] = closing
	return nil
}

// object writes the members of an item or an M, the opening brace being
// behind.
func (w *jsonWriter) object(depth int, value func(depth int) error) error {
	if depth > MaxDepth {
		return errDepth
	}
	w.out = append(w.out, '{')
	mark := len(w.names)
	err := w.between('}', func() error { return w.member(depth, value) })
	if name, twice := w.names.pop(mark); err == nil && twice {
		return withinName(name, errDuplicate)
	}
	return err
}

func (w *jsonWriter) member(depth int, value func(depth int) error) error {
	start := w.i
	name, err := w.name()
	if err != nil {
		return err
	}
	w.names = append(w.names, name)
	end, _, _ := streamjson.ScanString(w.s, start+1)
	w.out = append(append(w.out, w.s[start:end+1]...), ':')
	if err := value(depth); err != nil {
		return withinName(name, err)
	}
	return nil
}

func (w *jsonWriter) value(depth int) error {
	if !w.accept('{') {
		return w.damage(errNotAttribute)
	}
	if w.space(); w.accept('}') {
		return errNoTag
	}
	tag, err := w.name()
	if err != nil {
		return err
	}
	if err := w.payload(tag, depth); err != nil {
		return err
	}
	if more, err := w.more('}'); more || err != nil {
		return orTwoTags(err)
	}
	return nil
}

func (w *jsonWriter) payload(tag string, depth int) error {
	switch tag {
	case "N":
		return w.number()
	case "NS":
		return w.set(w.number)
	case "SS":
		return w.set(func() error { return copied(w, w.string) })
	case "BS":
		return w.set(func() error { return copied(w, w.binary) })
	case "M":
		if !w.accept('{') {
			return w.damage(errNotMap)
		}
		return w.object(depth+1, w.value)
	case "L":
		return w.list(depth+1, w.value)
	case "NULL":
		_, err := w.bool()
		w.out = append(w.out, "null"...)
		return err
	}
	return w.scalar(tag)
}

func (w *jsonWriter) scalar(tag string) error {
	switch tag {
	case "S":
		return copied(w, w.string)
	case "B":
		return copied(w, w.binary)
	case "BOOL":
		return copied(w, w.bool)
	}
	return w.damage(errUnknownTag)
}

// copied writes the text that read checks as it stands.
func copied[V any](w *jsonWriter, read func() (V, error)) error {
	start := w.i
	if _, err := read(); err != nil {
		return err
	}
	w.out = append(w.out, w.s[start:w.i]...)
	return nil
}

func (w *jsonWriter) number() error {
	n, err := w.parser.number()
	if err == nil {
		w.out = appendJSONNumber(w.out, n)
	}
	return err
}

func (w *jsonWriter) list(depth int, value func(depth int) error) error {
	if depth > MaxDepth {
		return errDepth
	}
	return w.array(func() error { return value(depth) })
}

func (w *jsonWriter) set(element func() error) error {
	before := len(w.out)
	err := w.array(element)
	if err == nil && len(w.out) == before+len("[]") {
		return errEmptySet
	}
	return err
}

func (w *jsonWriter) array(element func() error) error {
	if !w.accept('[') {
		return w.damage(errNotArray)
	}
	w.out = append(w.out, '[')
	i := -1
	return w.between(']', func() error {
		i++
		if err := element(); err != nil {
			return withinIndex(i, err)
		}
		return nil
	})
}
