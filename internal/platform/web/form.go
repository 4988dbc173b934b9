// SPDX-License-Identifier: AGPL-3.0-or-later

package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.org/chorus"
	"example.org/chorus/internal/platform/lang"
)

const (
	maxForm = 256 << 10 // bytes
	maxFile = 2 << 20   // bytes
)

var errForm = errors.New("form cannot be read")

// A Form is what was typed and what is wrong with it.
type Form struct {
	Values url.Values
	Wrong  chorus.Invalid
}

// Form reads a posted form: valid UTF-8, ends of lines as \n, no control
// characters, no spaces around.
func (v *Visit) Form() (Form, error) {
	v.Body = http.MaxBytesReader(v.Reply, v.Body, maxFile+maxForm)
	var err error
	if strings.HasPrefix(v.Header.Get("Content-Type"), "multipart/form-data") {
		err = v.ParseMultipartForm(maxForm)
	} else {
		v.Body = http.MaxBytesReader(v.Reply, v.Body, maxForm)
		err = v.ParseForm()
	}
	if err != nil && !tooLarge(err) {
		err = fmt.Errorf("%w: %w", errForm, err)
	}
	f := Form{Values: url.Values{}}
	for name, values := range v.PostForm {
		for _, value := range values {
			f.Values.Add(name, Clean(value))
		}
	}
	return f, err
}

// File reads an uploaded file of the form, at most maxFile bytes; "" if none
// was chosen.
func (v *Visit) File(name string) (text string, err error) {
	file, header, err := v.FormFile(name)
	if errors.Is(err, http.ErrMissingFile) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", errForm, err)
	}
	defer file.Close()
	if header.Size > maxFile {
		return "", &http.MaxBytesError{Limit: maxFile}
	}
	b, err := io.ReadAll(file)
	return string(b), err
}

// Clean is what a form makes of what was typed.
func Clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// Get is the value of a field.
func (f Form) Get(name string) string { return f.Values.Get(name) }

// Has reports whether value was chosen for a field.
func (f Form) Has(name, value string) bool { return slices.Contains(f.Values[name], value) }

// With is the form with the faults that err tells, if it is a chorus.Invalid.
func (f Form) With(err error) (Form, bool) {
	wrong, ok := errors.AsType[chorus.Invalid](err)
	f.Wrong = wrong
	return f, ok
}

// faults lists the fields that are wrong.
func (f Form) faults() (names []string) {
	for name := range f.Wrong {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// fault says what is wrong with a field. A fault is a message key, and may
// carry one value: form.long_max|max=200.
func (v *Visit) fault(key string) string {
	key, arg, ok := strings.Cut(key, "|")
	if !ok {
		return v.T(key)
	}
	name, value, _ := strings.Cut(arg, "=")
	return v.T(key, name, value)
}

// A Line is a rule for one line of text that somebody types.
type Line struct {
	Max      int // characters
	Optional bool
}

// Check is the fault of a line, or "".
func (l Line) Check(s string) string {
	switch {
	case s == "" && l.Optional:
		return ""
	case s == "":
		return "form.missing"
	case utf8.RuneCountInString(s) > l.Max:
		return fmt.Sprintf("form.long_max|max=%d", l.Max)
	}
	return ""
}

// Wrong keeps the fields in which a check found a fault.
func Wrong(faults map[string]string) chorus.Invalid {
	wrong := chorus.Invalid{}
	for field, fault := range faults {
		if fault != "" {
			wrong[field] = fault
		}
	}
	return wrong
}

// CheckName is the fault of a name that will stand in public lists: names that
// a spreadsheet takes for a formula and names that hold links are refused.
func CheckName(s string, l Line) string {
	switch fault := l.Check(s); {
	case fault != "" || s == "":
		return fault
	case strings.ContainsAny(s[:1], "=+-@"):
		return "form.formula"
	case hasLink(s):
		return "form.link"
	case strings.ContainsFunc(s, hidden) || strings.ContainsAny(s, "\n\t"):
		return "form.characters"
	}
	return ""
}

// CheckComment is the fault of a few sentences that will stand in public.
func CheckComment(s string, l Line) string {
	switch fault := l.Check(s); {
	case fault != "" || s == "":
		return fault
	case hasLink(s):
		return "form.link"
	case strings.ContainsFunc(s, hidden):
		return "form.characters"
	}
	return ""
}

// CheckCountry is the fault of a country's code.
func CheckCountry(code string) string {
	if !lang.KnownCountry(code) {
		return "form.country"
	}
	return ""
}

func hasLink(s string) bool {
	low := strings.ToLower(s)
	return strings.Contains(low, "://") || strings.Contains(low, "www.") || strings.Contains(low, "http:") || strings.Contains(low, "https:") || strings.Contains(low, "@")
}

// hidden reports characters that turn or hide the text around them.
func hidden(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' || r == '\u200B' || r == '\uFEFF'
}

// CheckWeb is the fault of a web address.
func CheckWeb(s string, l Line) string {
	if fault := l.Check(s); fault != "" || s == "" {
		return fault
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !strings.Contains(u.Hostname(), ".") || u.User != nil {
		return "form.web"
	}
	return ""
}
