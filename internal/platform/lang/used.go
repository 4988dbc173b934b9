// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	comment = regexp.MustCompile(`(?m)^\s*//.*$`)
	// said finds .T("key" and .N("key"; a key that goes on, "kind." + kind or
	// "comment_" + state, is a beginning of keys.
	said = regexp.MustCompile(`\.[TN]\(\s*"([^"]*)"`)
	// faults finds the maps of faults, Invalid{"field": "key"}, and single
	// entries. A key may carry a value: form.long_max|max=200.
	faults   = regexp.MustCompile(`Invalid\{[^{}]*\}`)
	faultKey = regexp.MustCompile(`:\s*"([^"|]*)`)
	likeKey  = regexp.MustCompile(`"([a-z][a-z0-9_-]*\.(?:[a-z0-9_-]+\.)*[a-z0-9_-]*)(?:\|[^"]*)?"`)
)

// Used finds the message keys in the .go and .templ files below root, tests
// left out. The value is true for a key that is surely said and must exist; it
// is false for a string that has the form of a key, which may be one kept for
// later, and for a beginning such as "declaration.kind." or "error.busy" to
// which the source adds the rest.
func Used(root string) (map[string]bool, error) {
	used := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(root, path, d.Name())
		}
		if !isSource(d.Name()) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		scan(string(text), used)
		return nil
	})
	return used, err
}

func skip(root, path, name string) error {
	if path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
		return fs.SkipDir
	}
	return nil
}

// isSource leaves out what templ generates: its keys stand in the .templ file.
func isSource(name string) bool {
	if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
		return false
	}
	return strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".templ")
}

func scan(text string, used map[string]bool) {
	text = comment.ReplaceAllString(text, "")
	for _, found := range likeKey.FindAllStringSubmatch(text, -1) {
		if !used[found[1]] {
			used[found[1]] = false
		}
	}
	sure := said.FindAllStringSubmatch(text, -1)
	for _, m := range faults.FindAllString(text, -1) {
		sure = append(sure, faultKey.FindAllStringSubmatch(m, -1)...)
	}
	for _, found := range sure {
		used[found[1]] = used[found[1]] || !strings.HasSuffix(found[1], ".") && !strings.HasSuffix(found[1], "_")
	}
}

// Agree compares the messages with what Used found. It reports each key that
// is said but does not exist, and each message that nothing says.
func (c *Catalogue) Agree(used map[string]bool) error {
	keys := c.Keys()
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(used)) {
		if _, ok := slices.BinarySearch(keys, key); used[key] && !ok {
			wrong = append(wrong, fmt.Errorf("%s is said but has no message", key))
		}
	}
	for _, key := range keys {
		if !isUsed(key, used) {
			wrong = append(wrong, fmt.Errorf("%s has a message but is never said", key))
		}
	}
	return errors.Join(wrong...)
}

func isUsed(key string, used map[string]bool) bool {
	if _, ok := used[key]; ok {
		return true
	}
	for i := len(key) - 1; i > 0; i-- {
		if _, ok := used[key[:i]]; ok && (key[i-1] == '.' || key[i-1] == '_' || key[i] == '.') {
			return true
		}
	}
	return false
}
