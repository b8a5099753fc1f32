package main

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// exported describes each exported name of pkg in a line of its own: fields and methods too. Packages of the same
// module are named by their path in it.
func exported(pkg *types.Package, module string) []string {
	d := describer{func(other *types.Package) string {
		if other == pkg {
			return ""
		}
		return strings.TrimPrefix(other.Path(), module+"/")
	}}
	var lines []string
	for _, name := range pkg.Scope().Names() {
		if obj := pkg.Scope().Lookup(name); obj.Exported() {
			lines = append(lines, d.object(obj)...)
		}
	}
	slices.Sort(lines)
	return lines
}

type describer struct{ qualifier types.Qualifier }

func (d describer) object(obj types.Object) []string {
	switch obj := obj.(type) {
	case *types.Const:
		return []string{fmt.Sprintf("const %s %s = %s", obj.Name(), d.text(obj.Type()), obj.Val().ExactString())}
	case *types.TypeName:
		return d.typeName(obj)
	default:
		return []string{types.ObjectString(obj, d.qualifier)}
	}
}

func (d describer) text(t types.Type) string { return types.TypeString(t, d.qualifier) }

func (d describer) typeName(obj *types.TypeName) []string {
	head := "type " + obj.Name()
	if alias, ok := obj.Type().(*types.Alias); ok {
		return []string{head + d.parameters(alias.TypeParams()) + " = " + d.text(alias.Rhs())}
	}
	named, ok := obj.Type().(*types.Named)
	if !ok {
		return []string{head + " " + d.text(obj.Type().Underlying())}
	}
	head += d.parameters(named.TypeParams())
	switch u := named.Underlying().(type) {
	case *types.Struct:
		return append(d.fields(head+" struct", u), d.methods(named)...)
	case *types.Interface:
		return d.demands(head+" interface", u)
	default:
		return append([]string{head + " " + d.text(u)}, d.methods(named)...)
	}
}

func (d describer) parameters(list *types.TypeParamList) string {
	if list.Len() == 0 {
		return ""
	}
	var all []string
	for p := range list.TypeParams() {
		all = append(all, p.Obj().Name()+" "+d.text(p.Constraint()))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func (d describer) fields(head string, s *types.Struct) []string {
	lines := []string{head}
	for f := range s.Fields() {
		switch {
		case !f.Exported():
		case f.Embedded():
			lines = append(lines, head+", embeds "+d.text(f.Type()))
		default:
			lines = append(lines, head+", "+f.Name()+" "+d.text(f.Type()))
		}
	}
	return lines
}

// demands lists what implements the interface: all its methods, wherever they come from.
func (d describer) demands(head string, i *types.Interface) []string {
	if !i.IsMethodSet() {
		return []string{head + " " + d.text(i)}
	}
	lines := []string{head}
	for m := range i.Methods() {
		if !m.Exported() {
			lines = append(lines, head+", sealed by an unexported method")
			continue
		}
		lines = append(lines, head+", "+m.Name()+d.signature(m))
	}
	return slices.Compact(lines)
}

// methods lists those of the type and of what it embeds, with the receiver that has them.
func (d describer) methods(named *types.Named) []string {
	values, pointers := types.NewMethodSet(named), types.NewMethodSet(types.NewPointer(named))
	var lines []string
	for m := range pointers.Methods() {
		if !m.Obj().Exported() {
			continue
		}
		receiver := named.Obj().Name()
		if values.Lookup(m.Obj().Pkg(), m.Obj().Name()) == nil {
			receiver = "*" + receiver
		}
		lines = append(lines, fmt.Sprintf("method (%s) %s%s", receiver, m.Obj().Name(), d.signature(m.Obj())))
	}
	return lines
}

func (d describer) signature(method types.Object) string {
	return strings.TrimPrefix(d.text(method.Type()), "func")
}
