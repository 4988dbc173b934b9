// SPDX-License-Identifier: AGPL-3.0-or-later

package chorus_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The house rules of docs/style.md that a machine can check.

const (
	longestFile     = 500  // lines
	longestFunction = 60   // lines
	largestPackage  = 2500 // lines, of those under internal
)

// exceptions allow one file, or one function as "file:Name", to break a rule. Each says why.
var exceptions = map[string]string{}

func TestExceptionsAreStillThere(t *testing.T) {
	for what, why := range exceptions {
		name, _, _ := strings.Cut(what, ":")
		if _, err := os.Stat(name); err != nil || why == "" {
			t.Errorf("the exception %s names no file or gives no reason", what)
		}
	}
}

// clocks may read the time of day: everything else is told the time.
var clocks = []string{"internal/platform/db/", "cmd/", "internal/chorustest/"}

func TestOnlyClocksTellTheTime(t *testing.T) {
	for _, f := range production(t) {
		if startsWithOne(f.path, clocks) || exceptions[f.path] != "" {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, s.Sel.Name) {
				t.Errorf("%s: time.%s; take the time as an argument", f.at(n), s.Sel.Name)
			}
			return true
		})
	}
}

func TestQueriesNameTheirColumns(t *testing.T) {
	star := regexp.MustCompile(`(?i)\bselect\s+(distinct\s+)?(\w+\.)?\*`)
	for _, f := range production(t) {
		ast.Inspect(f.tree, func(n ast.Node) bool {
			if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING && star.MatchString(s.Value) {
				t.Errorf("%s: name every column, never *", f.at(n))
			}
			return true
		})
	}
	for _, name := range mustSources(t).others {
		if !strings.HasSuffix(name, ".sql") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if star.Match(text) {
			t.Errorf("%s: name every column, never *", name)
		}
	}
}

func TestNothingHappensBeforeMain(t *testing.T) {
	for _, f := range production(t) {
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && fn.Recv == nil && fn.Name.Name == "init" && f.folder != "fact" {
				t.Errorf("%s: no init outside fact", f.at(fn))
			}
		}
	}
}

func TestSizes(t *testing.T) {
	packages := map[string]int{}
	for _, f := range production(t) {
		if f.generated {
			continue
		}
		packages[f.folder] += f.lines
		if f.lines > longestFile && exceptions[f.path] == "" {
			t.Errorf("%s has %d lines, at most %d; split it by deed", f.path, f.lines, longestFile)
		}
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || exceptions[f.path+":"+fn.Name.Name] != "" {
				continue
			}
			if n := f.line(fn.End()) - f.line(fn.Pos()) + 1; n > longestFunction {
				t.Errorf("%s: %s has %d lines, at most %d", f.at(fn), fn.Name.Name, n, longestFunction)
			}
		}
	}
	for folder, n := range packages {
		if n > largestPackage && strings.HasPrefix(folder, "internal/") && exceptions[folder] == "" {
			t.Errorf("%s has %d lines, at most %d; give it another room", folder, n, largestPackage)
		}
	}
	for _, name := range mustSources(t).others {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); strings.HasSuffix(name, ".templ") && n > longestFile && exceptions[name] == "" {
			t.Errorf("%s has %d lines, at most %d", name, n, longestFile)
		}
	}
}

func TestPackagesSayWhatTheyAreFor(t *testing.T) {
	says := map[string]bool{}
	for _, f := range production(t) {
		says[f.folder] = says[f.folder] || f.tree.Doc != nil
	}
	for folder, does := range says {
		if !does && path.Base(folder) != "views" { // their slice has said it
			t.Errorf("%s has no package comment", folder)
		}
	}
}

// Others may use the contract, the record and the mathematics in programs under any licence.
func TestLicences(t *testing.T) {
	for _, f := range mustSources(t).files {
		want := "// SPDX-License-Identifier: AGPL-3.0-or-later"
		if startsWithOne(f.path, []string{"fact/", "record/", "opinion/"}) {
			want = "// SPDX-License-Identifier: Apache-2.0"
		}
		if !f.generated && f.first != want {
			t.Errorf("%s begins with %q, want %q", f.path, f.first, want)
		}
	}
}

// The SQLite driver works only with the very libc it was made for, and Go would
// quietly choose a newer one that another module asks for.
func TestSQLiteHasItsLibc(t *testing.T) {
	const libc = "modernc.org/libc"
	for _, folder := range []string{".", "interop"} {
		list := exec.Command("go", "list", "-m", "-json", "modernc.org/sqlite", libc)
		list.Dir = folder
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		var driver, library struct{ GoMod, Version string }
		d := json.NewDecoder(bytes.NewReader(out))
		if err := errors.Join(d.Decode(&driver), d.Decode(&library)); err != nil {
			t.Fatal(err)
		}
		pins, err := os.ReadFile(driver.GoMod)
		if err != nil {
			t.Fatal(err)
		}
		pin := regexp.MustCompile(regexp.QuoteMeta(libc) + ` (\S+)`).FindSubmatch(pins)
		if pin == nil || string(pin[1]) != library.Version {
			t.Errorf("%s/go.mod has %s %s, but modernc.org/sqlite wants %s", folder, libc, library.Version, pin)
		}
	}
}

// The foreign judges run the program with the modules that it has everywhere
// else. After a change of go.mod: go -C interop mod tidy.
func TestJudgesHaveOurModules(t *testing.T) {
	if out, err := exec.Command("go", "-C", "interop", "list", "-test", "-deps", "./...").CombinedOutput(); err != nil {
		t.Errorf("interop does not build: %v\n%s", err, out)
	}
	ours, theirs := required(t, "go.mod"), required(t, "interop/go.mod")
	for name, version := range theirs {
		if ours[name] != "" && ours[name] != version {
			t.Errorf("interop/go.mod has %s %s, go.mod has %s", name, version, ours[name])
		}
	}
	if len(ours) == 0 || len(theirs) <= len(ours)/2 {
		t.Errorf("found %d modules in go.mod and %d in interop/go.mod", len(ours), len(theirs))
	}
}

var requirement = regexp.MustCompile(`(?m)^\t(\S+) (v\S+)`)

func required(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, m := range requirement.FindAllStringSubmatch(string(text), -1) {
		versions[m[1]] = m[2]
	}
	return versions
}

// A source is one Go file of the repository.
type source struct {
	path, folder string // from the root, with slashes; the root's folder is "."
	tree         *ast.File
	set          *token.FileSet
	imports      []string
	first        string // its first line
	lines        int
	nested       bool // in a module of its own, such as tools
	test         bool
	generated    bool
}

func (f *source) line(p token.Pos) int { return f.set.Position(p).Line }

func (f *source) at(n ast.Node) string { return f.path + ":" + strconv.Itoa(f.line(n.Pos())) }

type repository struct {
	files  []*source
	others []string
}

// sources reads the repository once for all rules.
var sources = sync.OnceValues(func() (repository, error) {
	var all repository
	nested := []string{} // folders of modules of their own
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if base := d.Name(); name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != "." {
				nested = append(nested, name+"/")
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			all.others = append(all.others, name)
			return nil
		}
		f, err := readSource(name)
		if err != nil {
			return err
		}
		f.nested = startsWithOne(name, nested)
		all.files = append(all.files, f)
		return nil
	})
	return all, err
})

func readSource(name string) (*source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f := &source{path: name, folder: path.Dir(name), set: token.NewFileSet()}
	if f.tree, err = parser.ParseFile(f.set, name, text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
		return nil, err
	}
	for _, spec := range f.tree.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		f.imports = append(f.imports, imp)
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	f.first, f.lines = string(first), bytes.Count(text, []byte("\n"))
	f.test, f.generated = strings.HasSuffix(name, "_test.go"), ast.IsGenerated(f.tree)
	return f, nil
}

func mustSources(t *testing.T) repository {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// production is what people wrote for the program itself: no tests, no other module. What a
// generator wrote is there for its imports; its length and wording are its own business.
func production(t *testing.T) []*source {
	t.Helper()
	var files []*source
	for _, f := range mustSources(t).files {
		if !f.test && !f.nested {
			files = append(files, f)
		}
	}
	return files
}

func startsWithOne(name string, beginnings []string) bool {
	return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(name, b) })
}
