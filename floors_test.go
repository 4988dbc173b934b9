// SPDX-License-Identifier: AGPL-3.0-or-later

package chorus_test

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "example.org/chorus"

// floors are the shelves of the house from the ground up. A package may import packages of
// lower floors; those of its own floor only where siblings says so; modules of others only
// when they are listed. "internal/civic/*" means each folder there, with the folders inside
// it, such as its views. Tests are free.
var floors = []struct {
	name     string
	shelves  []string
	siblings bool
	modules  []string
}{
	{name: "words", shelves: []string{"."}},
	{name: "facts", shelves: []string{"fact"}},
	{name: "record", shelves: []string{"record", "opinion", "seed"}, modules: []string{
		"golang.org/x/mod/sumdb", // in record alone, see TestAlone
	}},
	{name: "platform", shelves: []string{"internal/platform/*"}, siblings: true, modules: []string{
		"github.com/BurntSushi/toml",
		"go.yaml.in/yaml/v3",
		"github.com/a-h/templ",
		"github.com/google/uuid",
		"github.com/jackc/pgx/v5",
		"github.com/microcosm-cc/bluemonday",
		"github.com/nicksnyder/go-i18n/v2",
		"github.com/pressly/goose/v3",
		"github.com/wneessen/go-mail",
		"github.com/yuin/goldmark",
		"golang.org/x/crypto",
		"golang.org/x/mod/sumdb",
		"golang.org/x/net",
		"golang.org/x/sync",
		"golang.org/x/text",
		"golang.org/x/time",
		"modernc.org/sqlite",
		"rsc.io/qr",
	}},
	{name: "commons", shelves: []string{"internal/commons/*"}, siblings: true, modules: []string{"github.com/a-h/templ"}},
	{name: "civic", shelves: []string{"internal/civic/*", "internal/portal"}, modules: []string{"github.com/a-h/templ"}},
	{name: "app", shelves: []string{"internal/app"}},
	{name: "top", shelves: []string{"cmd/*", "internal/chorustest"}, siblings: true, modules: []string{
		"github.com/BurntSushi/toml",
		"github.com/chromedp/cdproto",
		"github.com/chromedp/chromedp",
		"github.com/google/go-cmp",
		"github.com/jackc/pgx/v5",
		"github.com/rogpeppe/go-internal",
		"go.uber.org/goleak",
		"golang.org/x/net",
		"golang.org/x/sync",
		"pgregory.net/rapid",
	}},
}

// alone lists what only a few places may import: folders with all they hold, or names of files.
var alone = map[string][]string{
	"golang.org/x/mod/sumdb": {"record/", "internal/platform/"},
	"database/sql":           {"internal/platform/db/"},
	"net/http": {
		"internal/platform/web/", "internal/platform/asset/", "internal/portal/", "cmd/", "internal/chorustest/",
		"http.go", "api.go",
	},
}

// banned names say nothing about what a package is for.
var banned = []string{
	"util", "utils", "common", "helper", "helpers", "model", "models", "service", "services",
	"misc", "shared", "base", "core", "types", "manager",
}

// likeStandard are packages that share a name with one of the standard library, and why.
var likeStandard = map[string]string{
	"mail": "the outbox; whoever needs net/mail too is this package alone",
}

func TestFloors(t *testing.T) {
	for _, f := range production(t) {
		from, unit := shelf(f.folder)
		if from < 0 {
			t.Errorf("%s is on no floor", f.path)
			continue
		}
		for _, imp := range f.imports {
			inside, ours := strings.CutPrefix(imp+"/", module+"/")
			first, _, _ := strings.Cut(imp, "/")
			switch {
			case ours:
				to, other := shelf(path.Clean(inside))
				switch {
				case to > from:
					t.Errorf("%s (%s) may not import %s (%s) above it", f.path, floors[from].name, imp, floors[to].name)
				case to == from && unit != other && !floors[from].siblings:
					t.Errorf("%s may not import its sibling %s", f.path, imp)
				case path.Base(imp) == "views" && unit != other:
					t.Errorf("%s may not import the views of %s", f.path, other)
				}
			case strings.Contains(first, ".") && !within(imp, floors[from].modules):
				t.Errorf("%s (%s) may not import the module of %s", f.path, floors[from].name, imp)
			}
		}
	}
}

func TestAlone(t *testing.T) {
	for _, f := range production(t) {
		for what, places := range alone {
			if !slices.ContainsFunc(f.imports, func(imp string) bool { return within(imp, []string{what}) }) {
				continue
			}
			if !slices.ContainsFunc(places, func(p string) bool {
				return strings.HasSuffix(p, "/") && strings.HasPrefix(f.path, p) || path.Base(f.path) == p
			}) {
				t.Errorf("%s may not import %s; that is for %s", f.path, what, strings.Join(places, ", "))
			}
		}
	}
}

func TestPackageNames(t *testing.T) {
	standard := standardNames(t)
	folders := map[string]string{}
	for _, f := range production(t) {
		name := f.tree.Name.Name
		if name == "main" || name == "views" { // a slice's views are imported by the slice alone
			continue
		}
		if slices.Contains(banned, name) {
			t.Errorf("%s: no package is named %s", f.path, name)
		}
		if standard[name] && likeStandard[name] == "" {
			t.Errorf("%s: %s is the name of a package of the standard library", f.path, name)
		}
		if other, taken := folders[name]; taken && other != f.folder {
			t.Errorf("%s and %s are both named %s", other, f.folder, name)
		}
		folders[name] = f.folder
	}
}

// shelf finds the floor of a folder, or -1, and the unit it belongs to: a slice, a
// machine, a command, with all folders inside it.
func shelf(folder string) (floor int, unit string) {
	for i, f := range floors {
		for _, s := range f.shelves {
			above, each := strings.CutSuffix(s, "/*")
			rest, in := strings.CutPrefix(folder+"/", above+"/")
			switch {
			case !each && in:
				return i, s
			case each && in && rest != "":
				first, _, _ := strings.Cut(rest, "/")
				return i, above + "/" + first
			}
		}
	}
	return -1, ""
}

// within reports whether an import path is one of these or lies inside one.
func within(imp string, these []string) bool {
	return slices.ContainsFunc(these, func(m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") })
}

// standardNames are the last words of the standard library's import paths.
func standardNames(t *testing.T) map[string]bool {
	out, err := exec.Command("go", "list", "std").Output()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for imp := range strings.Lines(string(out)) {
		imp = strings.TrimSpace(imp)
		if !strings.Contains("/"+imp+"/", "/internal/") && !strings.HasPrefix(imp, "vendor/") {
			names[path.Base(imp)] = true
		}
	}
	return names
}
