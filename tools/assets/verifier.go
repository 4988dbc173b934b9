// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// verifier joins the pieces of src/verify/ into one page that needs nothing
// else. Names are kept as they are, so that the page can be read by those who
// doubt it. Its own policy allows this style and this script and no network.
func verifier(folder string) ([]byte, error) {
	scripts, err := filepath.Glob(filepath.Join(folder, "*.js")) // sorted; each builds on those before it
	if err != nil {
		return nil, err
	}
	var joined bytes.Buffer
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		joined.Write(text)
	}
	script, err := squeezed(joined.String(), api.LoaderJS)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "style.css"))
	if err != nil {
		return nil, err
	}
	style, err := squeezed(string(text), api.LoaderCSS)
	if err != nil {
		return nil, err
	}
	page, err := os.ReadFile(filepath.Join(folder, "page.html"))
	if err != nil {
		return nil, err
	}
	policy := fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; form-action 'none'; base-uri 'none'", source(script), source(style))
	return []byte(strings.NewReplacer("{{policy}}", policy, "{{style}}", style, "{{script}}", script).Replace(string(page))), nil
}

// source is how a Content-Security-Policy names a text that stands in the page.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// squeezed takes out white space and comments.
func squeezed(text string, loader api.Loader) (string, error) {
	result := api.Transform(text, api.TransformOptions{
		Loader:           loader,
		Format:           format(loader),
		MinifyWhitespace: true,
		MinifySyntax:     true,
		Charset:          api.CharsetUTF8,
		LegalComments:    api.LegalCommentsNone,
	})
	if faults := append(result.Errors, result.Warnings...); len(faults) > 0 {
		return "", fmt.Errorf("verify:%d: %s", line(faults[0]), faults[0].Text)
	}
	return strings.TrimSpace(string(result.Code)), nil
}
