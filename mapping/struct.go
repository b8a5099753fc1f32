package mapping

import (
	"reflect"
	"strings"
	"sync/atomic"
)

// structPlan decodes maps into one struct type.
type structPlan struct {
	fields []fieldPlan
	byName map[string]int
	// next guesses the attribute that follows the one of field i-1 (of the
	// opening brace, for 0): a table's items tend to have their attributes in
	// one order and of one type. It only ever saves time, so goroutines may
	// overwrite each other's guesses.
	next []atomic.Pointer[head]
}

type fieldPlan struct {
	field
	at    int // place in structPlan.fields
	plan  *plan
	heads [kinds]atomic.Pointer[head] // made when they are first needed
}

// head is the text of an attribute up to its payload, `"name":{"S":`.
type head struct {
	text   string
	open   int // where `{"S":` starts in text
	field  *fieldPlan
	decode decodeFunc
}

func (c *compiler) fillStruct(p *plan) {
	// checkTarget has seen to it that there is no error; without fields, all
	// attributes are passed over.
	fields, _ := structFields(p.typ, c.options.tagKey())
	sp := &structPlan{
		fields: make([]fieldPlan, len(fields)),
		byName: make(map[string]int, len(fields)),
		next:   make([]atomic.Pointer[head], len(fields)+1),
	}
	for i, f := range fields {
		sp.fields[i].field, sp.fields[i].at = f, i
		sp.fields[i].plan = c.fieldPlan(p.typ, f)
		sp.byName[f.name] = i
	}
	p.decode[kindM] = sp.decode
}

func (c *compiler) fieldPlan(t reflect.Type, f field) *plan {
	sf := t.FieldByIndex(f.index)
	if !sf.IsExported() { // an embedded type that cannot be set
		return &plan{typ: sf.Type}
	}
	return c.plan(planKey{sf.Type, f.asString, f.unixTime})
}

// head returns the text that an attribute of type k has; nil if it has
// several, or if AWS's decoder decodes it.
func (f *fieldPlan) head(k kind) *head {
	if h := f.heads[k].Load(); h != nil {
		return h
	}
	name := string(appendString(nil, f.name))
	decode := f.plan.decode[k]
	if len(name) != len(f.name)+2 || checkText(f.name) != nil || decode == nil {
		return nil
	}
	h := &head{text: name + `:{"` + kindNames[k] + `":`, open: len(name) + 1, field: f, decode: decode}
	f.heads[k].Store(h)
	return h
}

// value returns the field of v, making the embedded pointers on the way to it
// point to something.
func (f *fieldPlan) value(v reflect.Value) (reflect.Value, error) {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, errUnexported
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, nil
}

func (sp *structPlan) decode(d *decoding, v reflect.Value) error {
	if !d.accept('{') {
		return d.damage(errNotMap)
	}
	if d.space(); d.accept('}') {
		return nil
	}
	if err := d.enter(); err != nil {
		return err
	}
	run := structRun{plan: sp, into: v, mark: len(d.names)}
	if n := len(sp.fields); n > 64 {
		run.exact.rest, run.folded.rest = make([]uint64, n/64), make([]uint64, n/64)
	}
	if err := run.members(d); err != nil {
		return err
	}
	if name, twice := d.names.pop(run.mark); twice {
		return withinName(name, errDuplicate)
	}
	d.leave()
	return nil
}

// structRun is the state of decoding one map into one struct.
type structRun struct {
	plan  *structPlan
	into  reflect.Value
	mark  int // the names above it are this map's
	after int // field of the attribute before, plus one
	// exact and folded have a bit for each field that an attribute of its very
	// name, or of one that matches but for case, has been decoded into.
	exact, folded bitset
}

// bitset has room for 64 fields, and for more in rest.
type bitset struct {
	first uint64
	rest  []uint64
}

func (b *bitset) word(i int) *uint64 {
	if i < 64 {
		return &b.first
	}
	return &b.rest[i/64-1]
}

func (b *bitset) has(i int) bool { return *b.word(i)&(1<<(i%64)) != 0 }
func (b *bitset) add(i int)      { *b.word(i) |= 1 << (i % 64) }

func (r *structRun) members(d *decoding) error {
	for more := true; more; {
		var err error
		if more, err = r.guesses(d); err != nil || !more {
			return err
		}
		d.space()
		if err = r.member(d); err != nil {
			return err
		}
		if more, err = d.more('}'); err != nil {
			return err
		}
	}
	return nil
}

// guesses decodes attributes as long as they are those that were guessed, and
// reports whether there are more.
func (r *structRun) guesses(d *decoding) (more bool, err error) {
	for {
		h := r.plan.next[r.after].Load()
		if h == nil || !strings.HasPrefix(d.s[d.i:], h.text) || r.exact.has(h.field.at) || r.folded.has(h.field.at) {
			return true, nil
		}
		if err := r.guessed(d, h); err != nil {
			return false, withinName(h.field.name, err)
		}
		if i := d.i; i < len(d.s) && d.s[i] == ',' {
			d.i++
			continue
		}
		if more, err = d.more('}'); err != nil || !more {
			return more, err
		}
	}
}

func (r *structRun) guessed(d *decoding, h *head) (err error) {
	f := h.field
	r.exact.add(f.at)
	r.after = f.at + 1
	start := d.i + h.open
	d.i += len(h.text)
	if d.i < len(d.s) && d.s[d.i] <= ' ' {
		d.space()
	}
	var v reflect.Value
	if len(f.index) == 1 {
		v = r.into.Field(f.index[0])
	} else if v, err = f.value(r.into); err != nil {
		return err
	}
	if err = h.decode(d, v); err == nil {
		return d.close()
	}
	if err == errOfficial {
		return d.official(f.plan, v, start)
	}
	return err
}

// member decodes one attribute by its name.
func (r *structRun) member(d *decoding) error {
	name, err := d.name()
	if err != nil {
		return err
	}
	if i, found := r.plan.byName[name]; found {
		err = r.exactly(d, &r.plan.fields[i])
	} else {
		err = r.other(d, name)
	}
	if err != nil {
		return withinName(name, err)
	}
	return nil
}

// exactly decodes the attribute that has the very name of f, and guesses that
// it will be here in the next item. It counts more than one whose name matches
// but for case.
func (r *structRun) exactly(d *decoding, f *fieldPlan) error {
	if r.exact.has(f.at) {
		return errDuplicate
	}
	start := d.i
	k, err := d.open()
	if err != nil {
		return err
	}
	if h := f.head(k); h != nil {
		r.plan.next[r.after].Store(h)
	}
	v, err := f.value(r.into)
	if err != nil {
		return err
	}
	if r.folded.has(f.at) && v.CanSet() {
		v.SetZero()
	}
	r.exact.add(f.at)
	r.after = f.at + 1
	return d.payload(f.plan, k, v, start)
}

// other decodes an attribute into the first field whose name matches but for
// case, or passes over it.
func (r *structRun) other(d *decoding, name string) error {
	d.names = append(d.names, name)
	i := r.plan.fold(name)
	if i < 0 || r.exact.has(i) || r.folded.has(i) {
		return d.pass()
	}
	f := &r.plan.fields[i]
	v, err := f.value(r.into)
	if err != nil {
		return err
	}
	r.folded.add(i)
	return d.value(f.plan, v)
}

func (sp *structPlan) fold(name string) int {
	for i := range sp.fields {
		if strings.EqualFold(sp.fields[i].name, name) {
			return i
		}
	}
	return -1
}
