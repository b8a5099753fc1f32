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
	// one order and of one type. It holds a fieldPlan's index and a kind, plus
	// one, see guess; 0 is no guess. It only ever saves time, so goroutines
	// may overwrite each other's.
	next []atomic.Uint32
}

type fieldPlan struct {
	field
	plan *plan
	// heads has the text of an attribute up to its payload, `"name":{"S":`, for
	// each type; "" for a name that JSON writes with escapes.
	heads [kinds]string
	open  int // where `{"S":` starts in heads
}

func guess(field int, k kind) uint32 { return uint32(field)*uint32(kinds) + uint32(k) + 1 }

func (c *compiler) fillStruct(p *plan) {
	// checkTarget has seen to it that there is no error; without fields, all
	// attributes are passed over.
	fields, _ := structFields(p.typ, c.options.tagKey())
	sp := &structPlan{
		fields: make([]fieldPlan, len(fields)),
		byName: make(map[string]int, len(fields)),
		next:   make([]atomic.Uint32, len(fields)+1),
	}
	for i, f := range fields {
		sp.fields[i] = c.fieldPlan(p.typ, f)
		sp.byName[f.name] = i
	}
	p.decode[kindM] = sp.decode
}

func (c *compiler) fieldPlan(t reflect.Type, f field) fieldPlan {
	sf := t.FieldByIndex(f.index)
	fp := fieldPlan{field: f, open: len(f.name) + 3}
	if sf.IsExported() {
		fp.plan = c.plan(planKey{sf.Type, f.asString, f.unixTime})
	} else {
		fp.plan = &plan{typ: sf.Type} // an embedded type that cannot be set
	}
	if name := string(appendString(nil, f.name)); len(name) == len(f.name)+2 && checkText(f.name) == nil {
		for k, tag := range kindNames {
			fp.heads[k] = name + `:{"` + tag + `":`
		}
	}
	return fp
}

// value returns the field of v, making the embedded pointers on the way to it
// point to something.
func (f *fieldPlan) value(v reflect.Value) (reflect.Value, error) {
	if len(f.index) == 1 {
		return v.Field(f.index[0]), nil
	}
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
		d.space()
		err := r.member(d)
		if err == nil && d.accept(',') {
			continue
		}
		if err == nil {
			more, err = d.more('}')
		}
		if err != nil {
			return err
		}
	}
	if name, twice := d.names.pop(r.mark); twice {
		return withinName(name, errDuplicate)
	}
	return nil
}

// member decodes one attribute, guessing first which one it is.
func (r *structRun) member(d *decoding) error {
	if g := int(r.plan.next[r.after].Load()) - 1; g >= 0 {
		i, k := g/int(kinds), kind(g%int(kinds))
		f := &r.plan.fields[i]
		if head := f.heads[k]; head != "" && strings.HasPrefix(d.s[d.i:], head) {
			start := d.i + f.open
			d.i += len(head)
			d.space()
			if err := r.exactly(d, i, k, start); err != nil {
				return withinName(f.name, err)
			}
			return nil
		}
	}
	name, err := d.name()
	if err != nil {
		return err
	}
	if err := r.named(d, name); err != nil {
		return withinName(name, err)
	}
	return nil
}

func (r *structRun) named(d *decoding, name string) error {
	i, found := r.plan.byName[name]
	if !found {
		return r.other(d, name)
	}
	start := d.i
	k, err := d.open()
	if err != nil {
		return err
	}
	r.plan.next[r.after].Store(guess(i, k))
	return r.exactly(d, i, k, start)
}

// exactly decodes the attribute that has the very name of field i. It counts
// more than one whose name matches but for case.
func (r *structRun) exactly(d *decoding, i int, k kind, start int) error {
	if r.exact.has(i) {
		return errDuplicate
	}
	f := &r.plan.fields[i]
	v, err := f.value(r.into)
	if err != nil {
		return err
	}
	if r.folded.has(i) && v.CanSet() {
		v.SetZero()
	}
	r.exact.add(i)
	r.after = i + 1
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
