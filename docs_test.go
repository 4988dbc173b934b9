// SPDX-License-Identifier: AGPL-3.0-or-later

package chorus_test

import (
	"encoding/json"
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
	"strings"
	"testing"
)

// What the documents say is there must be there. A document is wrong from the
// day on which nobody checks it.

const (
	guide     = "docs/add-a-capability.md"
	toyFolder = "docs/add-a-capability/toy"
	toySlice  = "internal/civic/thanks"
	mostSteps = 12
)

// toyFiles maps where each file of the toy slice would lie to where it lies.
func toyFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(toyFolder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		inside := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(name), toyFolder+"/"), ".txt")
		if inside == "fact.go" {
			files["fact/thanks.go"] = name
		} else {
			files[path.Join(toySlice, inside)] = name
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// The toy slice is laid over the tree, so that nothing is written into it.
func TestToySlice(t *testing.T) {
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	laid := map[string]string{}
	for to, from := range toyFiles(t) {
		laid[filepath.Join(root, to)] = filepath.Join(root, from)
	}
	text, err := json.Marshal(map[string]any{"Replace": laid})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "toy.test")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	// Without vet, which wants the folder to exist.
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", program, "./"+toySlice).CombinedOutput(); err != nil {
		t.Fatalf("the toy slice does not build: %v\n%s", err, out)
	}
	run := exec.Command(program)
	run.Dir = dir
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("the toy slice fails: %v\n%s", err, out)
	}
}

func TestToySliceKeepsToItsFloor(t *testing.T) {
	for to, from := range toyFiles(t) {
		if !strings.HasSuffix(to, ".go") || strings.HasSuffix(to, "_test.go") {
			continue
		}
		floor, _ := shelf(path.Dir(to))
		for _, imp := range parsed(t, from).Imports {
			inside, ours := strings.CutPrefix(strings.Trim(imp.Path.Value, `"`), module)
			if other, _ := shelf(strings.TrimPrefix(inside, "/")); ours && inside != "" && other >= floor {
				t.Errorf("%s imports %s", to, imp.Path.Value)
			}
		}
	}
}

func parsed(t *testing.T, name string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var (
	quoted  = regexp.MustCompile("`([^`\n]+)`")
	step    = regexp.MustCompile(`(?m)^\d+\. `)
	dotted  = regexp.MustCompile(`^[a-z]+(\.[A-Z]\w*)+$`)
	links   = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	target  = regexp.MustCompile(`(?m)^([a-z-]+):`)
	setting = regexp.MustCompile(`flags\.\w+\((?:&[\w.]+, )?"([a-z-]+)"`)
)

// wordsOfTables are quoted in the guide and are no names of the code.
var wordsOfTables = []string{"private_", "STRICT", "testdata"}

func TestAddACapability(t *testing.T) {
	text := document(t, guide)
	if n := len(step.FindAllString(text, -1)); n == 0 || n > mostSteps {
		t.Errorf("%s has %d steps, want 1 to %d", guide, n, mostSteps)
	}
	toy, names := toyFiles(t), declared(t)
	for _, from := range toy {
		if strings.HasSuffix(from, ".go.txt") {
			declare(names, parsed(t, from))
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		what := m[1]
		switch {
		case slices.Contains(wordsOfTables, what), names[what], toy[what] != "", there(what):
		case strings.HasPrefix(what, "make ") && slices.Contains(targets(t), strings.TrimPrefix(what, "make ")):
		case what == "go test ./fact -update":
		default:
			t.Errorf("%s names %s, which is not there", guide, what)
		}
	}
}

func there(name string) bool {
	found, err := filepath.Glob(strings.TrimSuffix(name, "/"))
	return err == nil && len(found) > 0
}

func targets(t *testing.T) (names []string) {
	for _, m := range target.FindAllStringSubmatch(document(t, "Makefile"), -1) {
		names = append(names, m[1])
	}
	return names
}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// declared are the names of the whole repository: pkg.Name, pkg.Type.Member,
// and TestName alone.
func declared(t *testing.T) map[string]bool {
	names := map[string]bool{}
	for _, f := range mustSources(t).files {
		declare(names, f.tree)
	}
	return names
}

func declare(names map[string]bool, f *ast.File) {
	add := func(words ...string) { names[strings.Join(append([]string{f.Name.Name}, words...), ".")] = true }
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name.Name)
				names[d.Name.Name] = strings.HasPrefix(d.Name.Name, "Test") || strings.HasPrefix(d.Name.Name, "Fuzz")
			} else {
				add(receiver(d.Recv.List[0].Type), d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				declareSpec(add, s)
			}
		}
	}
}

func declareSpec(add func(...string), s ast.Spec) {
	switch s := s.(type) {
	case *ast.ValueSpec:
		for _, n := range s.Names {
			add(n.Name)
		}
	case *ast.TypeSpec:
		add(s.Name.Name)
		var members *ast.FieldList
		switch kind := s.Type.(type) {
		case *ast.StructType:
			members = kind.Fields
		case *ast.InterfaceType:
			members = kind.Methods
		default:
			return
		}
		for _, f := range members.List {
			for _, n := range f.Names {
				add(s.Name.Name, n.Name)
			}
		}
	}
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// documents are all texts for people, from the root.
func documents(t *testing.T) (names []string) {
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md", "interop/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	return names
}

// Files, tests and names of the code that a document quotes must be there.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	names, packages := declared(t), map[string]bool{}
	for _, f := range mustSources(t).files {
		packages[f.tree.Name.Name] = true
	}
	for _, doc := range documents(t) {
		if doc == guide { // checked more strictly
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(document(t, doc), -1) {
			what := m[1]
			first, rest, inFolder := strings.Cut(what, "/")
			inFolder = inFolder && rest != "" && there(first) && !strings.ContainsAny(what, " …")
			test := strings.HasPrefix(what, "Test") || strings.HasPrefix(what, "Fuzz")
			name := dotted.MatchString(what) && packages[strings.Split(what, ".")[0]]
			if (inFolder && !there(what)) || ((test || name) && !names[what]) {
				t.Errorf("%s names %s, which is not there", doc, what)
			}
		}
	}
}

func TestLinksBetweenDocuments(t *testing.T) {
	for _, doc := range documents(t) {
		for _, m := range links.FindAllStringSubmatch(document(t, doc), -1) {
			picture := path.Ext(m[1]) == ".png" // drawn by make shots, when the pages have changed
			if to := m[1]; !picture && !strings.Contains(to, ":") && !there(filepath.Join(filepath.Dir(doc), to)) {
				t.Errorf("%s links to %s, which is not there", doc, to)
			}
		}
	}
}

// Every flag of chorus has its line in the operator's table.
func TestEverySettingIsExplained(t *testing.T) {
	manual := document(t, "docs/operating.md")
	for _, name := range []string{"cmd/chorus/config.go", "cmd/chorus/serve.go", "cmd/chorus/import.go"} {
		for _, m := range setting.FindAllStringSubmatch(document(t, name), -1) {
			if !strings.Contains(manual, "`--"+m[1]+"`") {
				t.Errorf("docs/operating.md does not explain --%s", m[1])
			}
		}
	}
}
