// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed browser_find.js
var findJS string

// Near makes the next deed choose, among things of the same name, the one nearest to
// these words: v.Near("Ada Brook").Press("Withdraw").
func (v *Visitor) Near(words string) *Visitor {
	closer := *v
	closer.near = words
	return &closer
}

// Fill types text into the field with this label, in place of what it held.
func (v *Visitor) Fill(label, text string) {
	v.t.Helper()
	v.on("field", label, func(ctx context.Context, t *chromedp.Target, field object) error {
		typed, err := field.ask(ctx, t, prepareField, text)
		if err != nil || typed != "type" {
			return err
		}
		return called(cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text}))
	})
}

// prepareField answers "type" when the text is to be typed next. Fields with a picker of
// the browser's own, such as dates, take their value at once, as 2030-12-31.
const prepareField = `function (text) {
	if (this.disabled || this.readOnly) throw "the field cannot be changed";
	this.scrollIntoView({ block: "center", behavior: "instant" });
	this.focus();
	const picker = ["date", "time", "datetime-local", "month", "week", "color", "range"].includes(this.type);
	if (!picker && text !== "") { this.select(); return "type"; }
	this.value = text;
	if (this.value !== text) throw "the field does not take " + text;
	this.dispatchEvent(new Event("input", { bubbles: true }));
	this.dispatchEvent(new Event("change", { bubbles: true }));
	return "done";
}`

// Attach puts a file of this machine into the file field with this label.
func (v *Visitor) Attach(label, path string) {
	v.t.Helper()
	v.on("field", label, func(ctx context.Context, t *chromedp.Target, field object) error {
		return called(cdp.Call(ctx, t, dom.SetFileInputFiles,
			dom.SetFileInputFilesParams{Files: []string{path}, ObjectID: field.id}))
	})
}

// Check ticks the box with this label; ticking a ticked one is a fault of the story.
func (v *Visitor) Check(label string) {
	v.t.Helper()
	v.tick(label, "true")
}

// Uncheck takes the tick away again.
func (v *Visitor) Uncheck(label string) {
	v.t.Helper()
	v.tick(label, "false")
}

func (v *Visitor) tick(label, want string) {
	v.t.Helper()
	v.on("box", label, func(ctx context.Context, t *chromedp.Target, box object) error {
		if is, err := box.ask(ctx, t, `function () { return String(this.checked) }`); err != nil || is == want {
			return errors.Join(err, errorIf(is == want, "the box is so already"))
		}
		if err := box.click(ctx, t); err != nil {
			return err
		}
		is, err := box.ask(ctx, t, `function () { return String(this.checked) }`)
		return errors.Join(err, errorIf(is != want, "the box did not change"))
	})
}

// Choose takes the option with these words from the list, or from the group of round
// buttons, that has this label or legend.
func (v *Visitor) Choose(label, option string) {
	v.t.Helper()
	v.on("choice", label, func(ctx context.Context, t *chromedp.Target, choice object) error {
		radio, err := choice.find(ctx, t, chooseOption, option)
		if err != nil || radio.id == "" {
			return err // an option of a list is chosen by now
		}
		return radio.click(ctx, t)
	})
}

const chooseOption = `function (words) {
	const plain = (s) => s.replace(/[\u2066-\u2069\u200e\u200f]/g, "").replace(/\s+/g, " ").trim();
	const wanted = plain(words);
	const pick = (all, name) => all.find((e) => name(e) === wanted) || all.find((e) => name(e).startsWith(wanted)) ||
		(() => { throw "no option “" + wanted + "”; there are: " + all.map(name).join(", "); })();
	if (this.tagName !== "SELECT") {
		const radios = [...this.querySelectorAll("input[type=radio]")];
		return pick(radios, (e) => plain(e.labels?.[0]?.textContent || e.getAttribute("aria-label") || ""));
	}
	const option = pick([...this.options], (e) => plain(e.textContent));
	this.scrollIntoView({ block: "center", behavior: "instant" });
	this.focus();
	option.selected = true;
	this.dispatchEvent(new Event("input", { bubbles: true }));
	this.dispatchEvent(new Event("change", { bubbles: true }));
	return null;
}`

// Press clicks the button with these words and waits for the page it leads to, if any.
func (v *Visitor) Press(button string) {
	v.t.Helper()
	v.moving("pressing "+button, func() {
		v.t.Helper()
		v.on("button", button, func(ctx context.Context, t *chromedp.Target, it object) error { return it.click(ctx, t) })
	})
}

// Follow clicks the link with these words and waits for its page.
func (v *Visitor) Follow(link string) {
	v.t.Helper()
	v.moving("following "+link, func() {
		v.t.Helper()
		v.on("link", link, func(ctx context.Context, t *chromedp.Target, it object) error { return it.click(ctx, t) })
	})
}

// Value is what the field with this label holds now.
func (v *Visitor) Value(label string) string {
	v.t.Helper()
	var value string
	v.on("field", label, func(ctx context.Context, t *chromedp.Target, field object) (err error) {
		value, err = field.ask(ctx, t, `function () {
			return this.type === "checkbox" || this.type === "radio" ? String(this.checked) : this.value }`)
		return err
	})
	return value
}

// Text is the whole text of the page as it is seen, on one line.
func (v *Visitor) Text() string {
	v.t.Helper()
	return oneLine(v.Read(`document.body.innerText`))
}

// Has reports whether the page shows these words.
func (v *Visitor) Has(words string) bool {
	v.t.Helper()
	return strings.Contains(v.Text(), oneLine(words))
}

// See ends the test unless the page shows these words.
func (v *Visitor) See(words string) {
	v.t.Helper()
	if text := v.Text(); !strings.Contains(text, oneLine(words)) {
		v.t.Fatalf("%s does not show %q; it shows:\n%s", v.URL(), words, text)
	}
}

// URL is the address of the page shown.
func (v *Visitor) URL() string {
	v.t.Helper()
	return v.Read(`location.href`)
}

// Overflow names the elements that stick out at the side of the screen, "" if none does.
func (v *Visitor) Overflow() string {
	v.t.Helper()
	return v.Read(`(() => {
		const wide = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= wide) return "";
		const out = (e) => { const r = e.getBoundingClientRect(); return r.right > wide + 1 || r.left < -1; };
		return [...document.querySelectorAll("body *")].filter(out).slice(0, 10)
			.map((e) => e.tagName.toLowerCase() + (e.id && "#" + e.id) + [...e.classList].map((c) => "." + c).join("")).join(", ")
			|| "the page";
	})()`)
}

// Read evaluates an expression of JavaScript to a string, out of reach of the page's own
// scripts. It works where those are switched off.
func (v *Visitor) Read(expression string) string {
	v.t.Helper()
	var text string
	v.do("reading the page", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		o, err := evaluate(ctx, t, "String("+expression+")")
		if err == nil {
			text, err = o.text()
		}
		return err
	}))
	return text
}

// Until waits until an expression of JavaScript is true: for what the page's
// scripts do in their own time.
func (v *Visitor) Until(expression string) {
	v.t.Helper()
	Until(v.t, v.URL()+": "+expression, func() bool { return v.Read("Boolean("+expression+")") == "true" })
}

// on finds a thing by its words and does something with it.
func (v *Visitor) on(kind, words string, deed func(context.Context, *chromedp.Target, object) error) {
	v.t.Helper()
	v.do(fmt.Sprintf("%s %q on %s", kind, words, v.wire.address()), chromedp.Func(
		func(ctx context.Context, t *chromedp.Target) error {
			it, err := evaluate(ctx, t, fmt.Sprintf("(%s\n)(%s, %s, %s)", findJS, quoted(kind), quoted(words), quoted(v.near)))
			if err != nil {
				return err
			}
			return deed(ctx, t, it)
		}))
}

// An object is a value of JavaScript inside the browser.
type object struct {
	id    runtime.RemoteObjectID
	value []byte
}

// evaluate runs in a world of its own: same page, but none of the page's scripts can
// change what it sees, and it runs even where theirs may not.
func evaluate(ctx context.Context, t *chromedp.Target, expression string) (object, error) {
	world, err := isolated(ctx, t)
	if err != nil {
		return object{}, err
	}
	res, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{
		Expression: expression, ContextID: world, AwaitPromise: new(true),
	})
	if err != nil {
		return object{}, err
	}
	return result(res.Result, res.ExceptionDetails)
}

func isolated(ctx context.Context, t *chromedp.Target) (runtime.ExecutionContextID, error) {
	tree, err := cdp.Call(ctx, t, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return 0, err
	}
	world, err := cdp.Call(ctx, t, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{
		FrameID: tree.FrameTree.Frame.ID, WorldName: "chorustest",
	})
	return world.ExecutionContextID, err
}

func result(o *runtime.RemoteObject, thrown *runtime.ExceptionDetails) (object, error) {
	if thrown != nil {
		return object{}, errors.New(exceptionText(thrown))
	}
	return object{id: o.ObjectID, value: o.Value}, nil
}

func (o object) text() (s string, err error) {
	return s, json.Unmarshal(o.value, &s)
}

// find calls a function on the object for another object, whose id is empty for null.
func (o object) find(ctx context.Context, t *chromedp.Target, function string, args ...string) (object, error) {
	var given []*runtime.CallArgument
	for _, a := range args {
		given = append(given, &runtime.CallArgument{Value: []byte(quoted(a))})
	}
	res, err := cdp.Call(ctx, t, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		FunctionDeclaration: function, ObjectID: o.id, Arguments: given, AwaitPromise: new(true),
	})
	if err != nil {
		return object{}, err
	}
	return result(res.Result, res.ExceptionDetails)
}

// ask calls a function on the object for a string.
func (o object) ask(ctx context.Context, t *chromedp.Target, function string, args ...string) (string, error) {
	answer, err := o.find(ctx, t, function, args...)
	if err != nil {
		return "", err
	}
	return answer.text()
}

// click moves the mouse to the middle of the object and presses it, unless something lies on top.
func (o object) click(ctx context.Context, t *chromedp.Target) error {
	place, err := o.ask(ctx, t, clickPlace)
	if err != nil {
		return err
	}
	var at struct{ X, Y float64 }
	if err := json.Unmarshal([]byte(place), &at); err != nil {
		return err
	}
	for _, deed := range []input.DispatchMouseEventType{"mouseMoved", "mousePressed", "mouseReleased"} {
		press := input.DispatchMouseEventParams{Type: deed, X: at.X, Y: at.Y}
		if deed != "mouseMoved" {
			press.Button, press.ClickCount = input.MouseButtonLeft, 1
		}
		if _, err := cdp.Call(ctx, t, input.DispatchMouseEvent, press); err != nil {
			return err
		}
	}
	return nil
}

// clickPlace scrolls the element into view and says where to press it: at the middle of its
// first line, or, for a box that is drawn by its label alone, at the start of the label.
const clickPlace = `function () {
	const drawn = (e) => { const s = getComputedStyle(e), r = e.getBoundingClientRect();
		return r.width > 1 && r.height > 1 && s.opacity !== "0" && s.visibility === "visible"; };
	const labels = [...(this.labels || [])];
	const it = drawn(this) ? this : labels.find(drawn);
	if (!it) throw "it cannot be seen";
	if (this.disabled) throw "it is switched off";
	it.scrollIntoView({ block: "center", behavior: "instant" });
	const r = it.getClientRects()[0];
	const rtl = getComputedStyle(it).direction === "rtl";
	const x = it === this ? r.x + r.width / 2 : rtl ? r.right - 8 : r.x + 8, y = r.y + r.height / 2;
	const top = document.elementFromPoint(x, y);
	if (!top || !(it.contains(top) || top.contains(it) && top.tagName === "LABEL" || labels.some((l) => l.contains(top))))
		throw "it is covered by " + (top ? top.outerHTML.slice(0, 120) : "nothing that can be pressed");
	return JSON.stringify({ x, y });
}`

func quoted(s string) string {
	q, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(q)
}

func errorIf(wrong bool, text string) error {
	if wrong {
		return errors.New(text)
	}
	return nil
}
