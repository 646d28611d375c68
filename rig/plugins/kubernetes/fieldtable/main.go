// Command fieldtable prints the fields of the Kubernetes types that the plugin supports, as JSON.
//
// It owns: ../fields.json, which normalize.py reads to know which zero values the API server
// drops (Go's omitempty) and which values it rewrites (quantities, base64), and kinds.py the rest.
// Regenerate: go run . ../kinds.txt > ../fields.json
// Not here: which kinds (../kinds.txt), replace rules (../immutable.py).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// Types with their own JSON form are leaves of the table.
var leaves = map[string]string{
	"k8s.io/apimachinery/pkg/api/resource.Quantity":   "quantity",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString": "int-or-string",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":       "time",
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":  "time",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":   "string",
	"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":   "any",
	"k8s.io/apimachinery/pkg/runtime.RawExtension":    "any",
}

type kind struct {
	Plural     string `json:"plural"`
	Namespaced bool   `json:"namespaced"`
	Type       string `json:"type"`
}

type table struct {
	Kinds map[string]kind              `json:"kinds"`
	Types map[string]map[string]string `json:"types"`
}

func main() {
	kinds, err := os.Open(os.Args[1])
	if err != nil {
		fail(err)
	}
	out := table{Kinds: map[string]kind{}, Types: map[string]map[string]string{}}
	lines := bufio.NewScanner(kinds)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		object, err := scheme.Scheme.New(schema.FromAPIVersionAndKind(words[0], words[1]))
		if err != nil {
			fail(err)
		}
		out.Kinds[words[0]+"/"+words[1]] = kind{
			Plural:     words[2],
			Namespaced: words[3] == "namespaced",
			Type:       out.add(reflect.TypeOf(object).Elem()),
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(out); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "fieldtable:", err)
	os.Exit(1)
}

func typeName(t reflect.Type) string {
	parts := strings.Split(t.PkgPath(), "/")
	return strings.Join(parts[len(parts)-2:], "/") + "." + t.Name()
}

func (out *table) add(t reflect.Type) string {
	name := typeName(t)
	if _, known := out.Types[name]; known {
		return name
	}
	fields := map[string]string{}
	out.Types[name] = fields
	out.collect(t, fields)
	return name
}

func (out *table) collect(t reflect.Type, fields map[string]string) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" && field.Anonymous {
			out.collect(field.Type, fields)
			continue
		}
		if name == "" {
			continue
		}
		fields[name] = mark(field.Type, options) + out.code(field.Type)
	}
}

// mark says when the value is left out: "?" when it is empty, "*" when it is null, "" never.
func mark(t reflect.Type, options string) string {
	omitempty := strings.Contains(options, "omitempty")
	switch {
	case t.Kind() == reflect.Pointer && omitempty:
		return "*"
	case t.Kind() == reflect.Struct || !omitempty:
		return ""
	default:
		return "?"
	}
}

func (out *table) code(t reflect.Type) string {
	if leaf, ok := leaves[t.PkgPath()+"."+t.Name()]; ok {
		return leaf
	}
	switch t.Kind() {
	case reflect.Pointer:
		return out.code(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "base64"
		}
		return "[]" + out.code(t.Elem())
	case reflect.Map:
		return "{}" + out.code(t.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "int"
	case reflect.Float64:
		return "float"
	case reflect.Struct:
		return "@" + out.add(t)
	default:
		panic("no code for " + t.String())
	}
}
