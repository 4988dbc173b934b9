// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/record"
)

// Stories runs the scripts in testdata/*.txt on a whole instance with each
// database: real handlers, real forms, caught mail. Every story ends with the
// instance compared to a mirror and rebuilt; nobody has to remember it.
//
//	browser NAME           go on in NAME's own browser; the first is called visitor
//	as ADDRESS             sign this browser in; steward ADDRESS also makes a steward
//	get PATH               follow a link; redirects are followed
//	post PATH [name=value] send a form
//	status CODE            the last answer's status
//	[!] body REGEXP        the last page's text holds, or does not hold, this
//	[!] header NAME REGEXP
//	[!] mail ADDRESS       read the newest mail to an address into $CODE, $LINK and $MAIL
//	keep NAME REGEXP       put the first group found in the last page into $NAME
//	later DURATION         move the clock: 90m, 3d
//	chores                 do what the instance does by itself now and then
//	checkpoint             sign the record as it is, and put its key into $VKEY
//	[!] receipt KEY REGEXP the last answer is a receipt that KEY bears out, and the words in it hold this
//	lang TAG               read in another language from here on
func Stories(t *testing.T, setup func(t testing.TB, in *Instance, env map[string]string)) {
	OnBoth(t, func(t *testing.T, source string) {
		testscript.Run(t, testscript.Params{
			Dir: "testdata",
			Setup: func(env *testscript.Env) error {
				test := env.T().(testing.TB)
				from := env.WorkDir + "/chorus.db"
				if strings.HasPrefix(source, "postgres") {
					from = Postgres(test)
				}
				w := &world{Instance: Run(test, from), browsers: map[string]*http.Client{}}
				w.enter("visitor")
				env.Values["world"] = w
				vars := map[string]string{}
				setup(test, w.Instance, vars)
				for name, value := range vars {
					env.Setenv(name, value)
				}
				env.Defer(w.CheckMirror)
				return nil
			},
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"browser": each(func(ts *testscript.TestScript, w *world, args []string) { w.enter(args[0]) }),
				"as":      each(signIn), "steward": each(makeSteward),
				"get": each(get), "post": each(post), "later": each(later), "chores": chores, "lang": each(language), "keep": each(keep), "status": each(status),
				"checkpoint": checkpoint, "receipt": receipt, "body": body, "header": header, "mail": readMail,
			},
		})
	})
}

// A world is what a story acts in.
type world struct {
	*Instance
	browsers map[string]*http.Client
	client   *http.Client
	language string
	last     *http.Response
	text     string
}

func each(do func(*testscript.TestScript, *world, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) == 0 {
			ts.Fatalf("usage: see chorustest.Stories")
		}
		do(ts, ts.Value("world").(*world), args)
	}
}

func (w *world) enter(name string) {
	if w.browsers[name] == nil {
		jar, _ := cookiejar.New(nil) // without options it cannot fail
		w.browsers[name] = &http.Client{Jar: jar}
	}
	w.client = w.browsers[name]
}

func (w *world) send(ts *testscript.TestScript, method, path string, form url.Values) {
	if !strings.HasPrefix(path, "http") {
		path = w.URL + path
	}
	r, err := http.NewRequest(method, path, strings.NewReader(form.Encode()))
	ts.Check(err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept-Language", w.language)
	w.last, err = w.client.Do(r)
	ts.Check(err)
	defer w.last.Body.Close()
	b, err := io.ReadAll(w.last.Body)
	ts.Check(err)
	w.text = string(b)
	ts.Logf("%d %s\n%s", w.last.StatusCode, w.last.Request.URL, plain(w.text))
}

func get(ts *testscript.TestScript, w *world, args []string) {
	w.Wait(2 * time.Second) // pages for readers are a second old at most
	w.send(ts, http.MethodGet, args[0], nil)
}

func post(ts *testscript.TestScript, w *world, args []string) {
	form := url.Values{}
	for _, pair := range args[1:] {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			ts.Fatalf("%q is not name=value", pair)
		}
		form.Add(name, value)
	}
	w.send(ts, http.MethodPost, args[0], form)
}

func status(ts *testscript.TestScript, w *world, args []string) {
	if got := fmt.Sprint(w.last.StatusCode); got != args[0] {
		ts.Fatalf("status %s, want %s", got, args[0])
	}
}

var (
	tags   = regexp.MustCompile(`(?s)<head>.*?</head>|<script.*?</script>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// plain is what a person reads of a page, in one line.
func plain(page string) string {
	return spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(page, " ")), " ")
}

func body(ts *testscript.TestScript, neg bool, args []string) {
	w := ts.Value("world").(*world)
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	if (want.MatchString(plain(w.text)) || want.MatchString(w.text)) == neg {
		ts.Fatalf("the page holds %q: want %v\n%s", args[0], !neg, plain(w.text))
	}
}

func header(ts *testscript.TestScript, neg bool, args []string) {
	w := ts.Value("world").(*world)
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	if value := w.last.Header.Get(args[0]); want.MatchString(value) == neg {
		ts.Fatalf("header %s is %q", args[0], value)
	}
}

func keep(ts *testscript.TestScript, w *world, args []string) {
	found := regexp.MustCompile(args[1]).FindStringSubmatch(w.text)
	if len(found) < 2 {
		ts.Fatalf("the page does not hold %q", args[1])
	}
	ts.Setenv(args[0], html.UnescapeString(found[1]))
}

var (
	sixDigits = regexp.MustCompile(`(?m)(?:^|:)\s*(\d{6})\s*$`)
	firstLink = regexp.MustCompile(`https?://\S+/(?:mine|sign-in|organisations|setup|invitations?)/\S+`)
)

// Code is the six digits in a mail.
func Code(letter mail.Letter) string {
	if m := sixDigits.FindStringSubmatch(letter.Text); m != nil {
		return m[1]
	}
	return ""
}

func readMail(ts *testscript.TestScript, neg bool, args []string) {
	w := ts.Value("world").(*world)
	letter, ok := w.MailTo(args[0])
	if ok == neg {
		ts.Fatalf("mail to %s: %v", args[0], ok)
	}
	if !ok {
		return
	}
	ts.Logf("%s\n\n%s", letter.Subject, letter.Text)
	ts.Setenv("MAIL", letter.Text)
	if code := Code(letter); code != "" {
		ts.Setenv("CODE", code)
	}
	ts.Setenv("LINK", firstLink.FindString(letter.Text))
}

func later(ts *testscript.TestScript, w *world, args []string) {
	if days, ok := strings.CutSuffix(args[0], "d"); ok {
		args[0] = days + "h"
		d, err := time.ParseDuration(args[0])
		ts.Check(err)
		w.Wait(24 * d)
		return
	}
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	w.Wait(d)
}

func chores(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Value("world").(*world).Chores()
}

func checkpoint(ts *testscript.TestScript, _ bool, _ []string) {
	w := ts.Value("world").(*world)
	ts.Check(w.Record.PublishCheckpoint(context.Background()))
	key, err := w.Record.VerifierKey()
	ts.Check(err)
	ts.Setenv("VKEY", key)
}

func receipt(ts *testscript.TestScript, neg bool, args []string) {
	w := ts.Value("world").(*world)
	checked, err := record.CheckReceipt([]byte(w.text), nil, args[0])
	ts.Check(err)
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	var words []byte
	for _, p := range checked.Parts {
		words = append(words, p.Bytes...)
	}
	if want.Match(words) == neg {
		ts.Fatalf("the receipt holds %q: want %v\n%s", args[1], !neg, words)
	}
}

func language(_ *testscript.TestScript, w *world, args []string) { w.language = args[0] }

// signIn goes the whole way: address, mail, code.
func signIn(ts *testscript.TestScript, w *world, args []string) {
	w.send(ts, http.MethodPost, "/sign-in", url.Values{"email": {args[0]}})
	readMail(ts, false, args[:1])
	w.send(ts, http.MethodPost, "/sign-in/code", url.Values{"code": {ts.Getenv("CODE")}})
	if w.last.StatusCode != http.StatusOK {
		ts.Fatalf("%s could not sign in: %d", args[0], w.last.StatusCode)
	}
}

func makeSteward(ts *testscript.TestScript, w *world, args []string) {
	w.Steward(args[0])
	signIn(ts, w, args)
}

// firstDifference shows the first line in which two texts differ.
func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("- %s\n+ %s", at(a, i), at(b, i))
		}
	}
	return ""
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}
