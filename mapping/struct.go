package mapping

import (
	"reflect"
	"sync/atomic"
)

// structPlan decodes maps into one struct type.
type structPlan struct {
	fields []fieldPlan
	byName map[string]int
	// overflow is the field for the attributes that no other takes, or nil.
	overflow *fieldPlan
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
	fields, overflow, _ := structFields(p.typ, c.options.tagKey())
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
	if overflow != nil {
		sp.overflow = &fieldPlan{field: *overflow}
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
	if len(d.leftovers) > 0 && sp.overflow != nil {
		return run.overflow(d)
	}
	return nil
}
