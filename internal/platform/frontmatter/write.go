// SPDX-License-Identifier: AGPL-3.0-or-later

package frontmatter

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Bare is a day or time: a word that is written without quotation marks.
type Bare string

// Write gives the front matter of a struct, with the lines of ---, its keys in
// the order of the fields; the body follows after an empty line. Fields marked
// omitempty are left out when empty, those marked flow stand on one line. The
// same struct always gives the same bytes. Strings must be valid UTF-8.
func Write(head any, body string) ([]byte, error) {
	top, err := node(reflect.ValueOf(head))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString("---\n")
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(top), e.Close()); err != nil {
		return nil, fmt.Errorf("writing front matter: %w", err)
	}
	out.WriteString("---\n\n")
	out.WriteString(body)
	return out.Bytes(), nil
}

// node is the YAML of a value. Chorus makes it, and not the library, because
// the library writes some texts in a way that it cannot read back.
func node(v reflect.Value) (*yaml.Node, error) {
	switch v.Kind() {
	case reflect.String:
		return word(v), nil
	case reflect.Int, reflect.Int64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v.Int(), 10)}, nil
	case reflect.Slice:
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for i := range v.Len() {
			item, err := node(v.Index(i))
			if err != nil {
				return nil, err
			}
			list.Content = append(list.Content, item)
		}
		return list, nil
	case reflect.Struct:
		return table(v)
	}
	return nil, fmt.Errorf("front matter cannot hold %s", v.Type())
}

func table(v reflect.Value) (*yaml.Node, error) {
	made := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if strings.Contains(options, "omitempty") && isEmpty(v.Field(i)) {
			continue
		}
		value, err := node(v.Field(i))
		if err != nil {
			return nil, err
		}
		if strings.Contains(options, "flow") {
			value.Style = yaml.FlowStyle
		}
		made.Content = append(made.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value)
	}
	return made, nil
}

func isEmpty(v reflect.Value) bool {
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

var (
	// simple words need no quotation marks, unless they look like a number or a
	// day: the library sees to those.
	simple = regexp.MustCompile(`^[\pL\pN][\pL\pM\pN().&/'-]*( [\pL\pM\pN().&/'-]+)*$`)
	// Older readers of YAML take Norway for a no.
	yesOrNo = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off)$`)
)

func word(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v.String()}
	switch {
	case v.Type() == reflect.TypeFor[Bare]():
		n.Tag = "!!timestamp"
	case !simple.MatchString(v.String()) || yesOrNo.MatchString(v.String()):
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}
