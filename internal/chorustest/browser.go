// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Screen says what the visitor looks at and how. The zero value is a light desktop
// of 1280 by 800 CSS pixels, in English, with scripts.
type Screen struct {
	Width, Height int  // in CSS pixels; below 600 wide it behaves like a phone
	Dark          bool // the visitor prefers dark pages
	NoScript      bool // the pages' own scripts do not run
	Language      string
	Forced        bool // the system forces its own few colours
	Paper         bool // pages are drawn with their print style
}

// A Visitor is one person with a browser of their own: no cookie, nothing stored before.
// Its deeds end the test when they cannot be done, as they would end a person's errand.
type Visitor struct {
	t      testing.TB
	ctx    context.Context
	screen Screen
	wire   *wire
	near   string
}

// Browser gives the test a visitor with a fresh browser profile. Where Chromium is missing
// the test is skipped, or fails when CI is set. CHORUS_TEST_CHROMIUM names another binary.
func Browser(t testing.TB, screen Screen) *Visitor {
	t.Helper()
	binary := chromium()
	if binary == "" {
		Missing(t, "Chromium", "chromium, chromium-browser or google-chrome")
	}
	process, err := startedChromium(binary)
	if err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	v := &Visitor{t: t, screen: screen, wire: newWire()}
	ctx, cancel := chromedp.NewContext(process,
		chromedp.WithNewBrowserContext(), chromedp.WithListener(v.wire.hear))
	t.Cleanup(cancel)
	v.ctx = ctx
	v.do("opening a window", chromedp.Func(v.settle))
	return v
}

// settle gives the window its size, language and preferences.
func (v *Visitor) settle(ctx context.Context, t *chromedp.Target) error {
	s := v.screen
	width, height := int64(cmp.Or(s.Width, 1280)), int64(cmp.Or(s.Height, 800))
	media := ""
	if s.Paper {
		media = "print"
	}
	version, err := chromedp.CallBrowser(v.ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	return firstError(
		called(cdp.Call(ctx, t, network.Enable, network.EnableParams{})),
		called(cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600,
		})),
		called(cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: media,
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: either(s.Dark, "dark", "light")},
				{Name: "forced-colors", Value: either(s.Forced, "active", "none")},
				{Name: "prefers-reduced-motion", Value: "reduce"}, // or pictures of pages would differ
			},
		})),
		called(cdp.Call(ctx, t, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
			UserAgent: version.UserAgent, AcceptLanguage: cmp.Or(s.Language, "en"),
		})),
		setScripts(ctx, t, scripts(!s.NoScript)),
	)
}

// scripts says whether the page's own scripts may run.
type scripts bool

const (
	scriptsRun scripts = true
	scriptsOff scripts = false
)

func setScripts(ctx context.Context, t *chromedp.Target, may scripts) error {
	return called(cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: !bool(may)}))
}

// Open goes to a page with an empty cache and waits until everything on it has loaded.
func (v *Visitor) Open(url string) {
	v.t.Helper()
	v.do("emptying the cache", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		return called(cdp.Call(ctx, t, network.ClearBrowserCache, cdp.Empty{}))
	}))
	v.wire.forget()
	v.moving("opening "+url, func() {
		v.do("opening "+url, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			res, err := cdp.Call(ctx, t, page.Navigate, page.NavigateParams{URL: url})
			if err == nil && res.ErrorText != "" && res.ErrorText != "net::ERR_HTTP_RESPONSE_CODE_FAILURE" {
				err = fmt.Errorf("%s", res.ErrorText)
			}
			return err
		}))
	})
}

// moving does a deed and, if it sets the page moving, waits until the page has arrived.
func (v *Visitor) moving(what string, deed func()) {
	v.t.Helper()
	before := v.wire.stops()
	deed()
	answers := 0
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if v.wire.moving() {
			answers = 0
			continue
		}
		if v.wire.stops() > before || answers == calm {
			return
		}
		if v.answers() {
			answers++
		}
	}
	v.t.Fatalf("%s: the page is still loading after %s: %v", what, Patience, v.wire.pending())
}

// do runs one action and ends the test when it fails.
// calm is how often a page answers and does not move before it is taken to stay.
// Its scripts may answer a click a moment later, and on a busy machine so may the
// browser: what counts is not time but how often the page itself had its turn.
const calm = 16

// answers has the page say something, and reports whether it did.
func (v *Visitor) answers() bool {
	ctx, cancel := context.WithTimeout(v.ctx, Patience)
	defer cancel()
	return chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := evaluate(ctx, t, "0")
		return err
	})) == nil // or it is just leaving
}

func (v *Visitor) do(what string, action chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	// The first action of a context opens its window, which must outlive the time limit of the action.
	if v.wire.opened {
		ctx, cancel := context.WithTimeout(v.ctx, Patience)
		defer cancel()
		if err := chromedp.Do(ctx, action); err != nil {
			v.t.Fatalf("%s: %v", what, err)
		}
		return
	}
	if err := chromedp.Do(v.ctx, action); err != nil {
		v.t.Fatalf("%s: %v", what, err)
	}
	v.wire.opened = true
}

var process struct {
	once  sync.Once
	ctx   context.Context
	err   error
	alive io.Closer // never used: the kernel closes it when this process ends
}

// startedChromium is the one browser of this test process.
func startedChromium(binary string) (context.Context, error) {
	process.once.Do(func() {
		var profile string
		if profile, process.err = profileFolder(); process.err != nil {
			return
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(binary), chromedp.UserDataDir(profile), chromedp.DisableGPU, chromedp.WSURLReadTimeout(Patience),
			chromedp.Env("TMPDIR="+profile), chromedp.NoSandbox, // it visits our own pages only, and many containers allow no sandbox
			chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
			chromedp.Flag("hide-scrollbars", true), chromedp.Flag("font-render-hinting", "none"),
			chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider"))
		allocator, _ := chromedp.NewExecAllocator(context.Background(), options...)
		// The browser ends with its test process: the pipe between them closes.
		process.ctx, _ = chromedp.NewContext(allocator)
		process.err = chromedp.Do(process.ctx)
	})
	return process.ctx, process.err
}

// profileFolder is a new folder that a waiting shell removes once this process and its
// browser are gone, for a test process has no last act of its own.
func profileFolder() (string, error) {
	folder, err := os.MkdirTemp("", "chorus-chromium-")
	if err != nil {
		return "", err
	}
	// More than once, for the browser's last threads may still write there.
	sweeper := exec.Command("/bin/sh", "-c", `cat; for n in 1 2 3 4 5; do sleep 1; rm -rf "$1"; done`, "sweeper", folder)
	sweeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if process.alive, err = sweeper.StdinPipe(); err != nil {
		return "", err
	}
	return folder, sweeper.Start()
}

func chromium() string {
	for _, name := range []string{os.Getenv("CHORUS_TEST_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	return ""
}

// Shot saves a picture of the whole page, in CSS pixels, as a PNG file; missing folders are made.
func (v *Visitor) Shot(path string) {
	v.t.Helper()
	var picture []byte
	v.do("taking a picture", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		size, err := cdp.Call(ctx, t, page.GetLayoutMetrics, cdp.Empty{})
		if err != nil {
			return err
		}
		res, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{
			CaptureBeyondViewport: new(true),
			Clip: &page.Viewport{
				Width:  max(size.CSSContentSize.Width, float64(size.CSSLayoutViewport.ClientWidth)),
				Height: size.CSSContentSize.Height, Scale: 1,
			},
		})
		picture = res.Data
		return err
	}))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		v.t.Fatal(err)
	}
}

func called[R any](_ R, err error) error { return err }

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// oneLine folds white space and drops the marks that isolate words of another direction.
func oneLine(s string) string {
	drop := func(r rune) rune {
		if r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' {
			return -1
		}
		return r
	}
	return strings.Join(strings.Fields(strings.Map(drop, s)), " ")
}
