// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func TestUsed(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"sign.go":           "x := s.T(\"sign.button\", \"name\", n) + s.N(\n\"sign.count\", 2)\n// s.T(\"sign.ghost\")\n",
		"rules.go":          "return chorus.Invalid{\"email\": \"form.email\",\n\"name\": \"form.missing\"}\nf[\"web\"] = \"form.web\"\n",
		"kind.go":           "s.T(\"sign.kind.\"+string(kind), s.T(\"sign.state_\"+state))\n",
		"long.go":           "return chorus.Invalid{\"a\": \"form.most|max=\" + n}, fmt.Sprintf(\"form.least|min=%d\", n)\n",
		"view.templ":        "<p>{ s.T(\"sign.title\") }</p>\n",
		"view_templ.go":     "s.T(\"sign.stale\")\n",
		"sign_test.go":      "s.T(\"sign.test\")\n",
		"testdata/x.go":     "s.T(\"sign.data\")\n",
		".git/x.go":         "s.T(\"sign.git\")\n",
		"messages/en.toml":  "sign.none = \"x\"\n",
		"deep/er/button.go": "s.T(\"sign.deep\")\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Used(root)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{
		"sign.button": true, "sign.count": true, "form.email": true, "form.missing": true,
		"form.web": false, "sign.kind.": false, "sign.state_": false, "form.most": true, "form.least": false, "sign.title": true, "sign.deep": true,
	}
	if !maps.Equal(got, want) {
		t.Errorf("Used = %v, want %v", got, want)
	}
}

func TestAgree(t *testing.T) {
	c := catalogue(t)
	all := map[string]bool{}
	for _, key := range c.Keys() {
		all[key] = false
	}
	if err := c.Agree(all); err != nil {
		t.Error(err)
	}
	delete(all, "error.busy.title")
	delete(all, "error.busy.text")
	delete(all, "page.home")
	all["error.busy"] = false
	all["town.none"] = true
	want := "town.none is said but has no message\npage.home has a message but is never said"
	if err := c.Agree(all); err == nil || err.Error() != want {
		t.Errorf("Agree says %v, want %s", err, want)
	}
}
