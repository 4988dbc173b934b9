// SPDX-License-Identifier: AGPL-3.0-or-later

package chart

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rsc.io/qr"
)

// TestQR draws a code back from its strokes and compares it square by square.
func TestQR(t *testing.T) {
	for _, text := range []string{"a", "c2sp.org/tlog-proof@v1\nindex 5\n— ", strings.Repeat("é1", 900)} {
		svg, err := QR(text, Options{ID: "qr", Title: "Receipt"})
		if err != nil {
			t.Fatal(err)
		}
		want, err := qr.Encode(text, qr.L)
		if err != nil {
			t.Fatal(err)
		}
		black := strokes(t, svg)
		for y := range want.Size {
			for x := range want.Size {
				if at := fmt.Sprint(x+quietZone, " ", y+quietZone); black[at] != want.Black(x, y) {
					t.Fatalf("%.10q: square %s is black: %v", text, at, black[at])
				}
			}
		}
	}
}

func TestQRTooLong(t *testing.T) {
	if _, err := QR(strings.Repeat("x", 2953), Options{}); err != nil {
		t.Error(err)
	}
	if _, err := QR(strings.Repeat("x", 2954), Options{}); !errors.Is(err, ErrTooLong) {
		t.Errorf("2954 bytes: %v", err)
	}
}

// strokes is the squares that the path of a drawing blackens.
func strokes(t *testing.T, svg string) map[string]bool {
	t.Helper()
	path := regexp.MustCompile(` d="([^"]*)"`).FindStringSubmatch(svg)
	if path == nil {
		t.Fatalf("no path in %.200s", svg)
	}
	black, x, y := map[string]bool{}, 0, 0
	for _, step := range regexp.MustCompile(`([Mhm])(\d+)(?: (\d+))?`).FindAllStringSubmatch(path[1], -1) {
		n, _ := strconv.Atoi(step[2])
		switch step[1] {
		case "M":
			x = n
			y, _ = strconv.Atoi(step[3])
		case "m":
			x += n
		case "h":
			for range n {
				black[fmt.Sprint(x, " ", y)] = true
				x++
			}
		}
	}
	return black
}
