// SPDX-License-Identifier: AGPL-3.0-or-later

package chart

import (
	"errors"
	"strconv"
	"strings"

	"rsc.io/qr"
)

// ErrTooLong is returned for a text that no QR code can hold: at the lowest
// level of repair that is 2953 bytes.
var ErrTooLong = errors.New("chart: too long for a QR code")

// quietZone is the white border that a camera needs, in squares.
const quietZone = 4

// QR returns a text as a QR code (ISO/IEC 18004, level L) that may stand inside
// a <figure>. It is black on white on every page, for cameras do not find the
// other way round.
func QR(text string, o Options) (string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", ErrTooLong // the only way in which it fails
	}
	side := strconv.Itoa(code.Size + 2*quietZone)
	var b strings.Builder
	o.open(&b, ` class="qr" viewBox="0 0 `+side+` `+side+`" shape-rendering="crispEdges"`)
	b.WriteString(`<rect width="` + side + `" height="` + side + `" fill="#fff"/><path stroke="#000" d="`)
	for y := range code.Size {
		drawRow(&b, code, y)
	}
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}

// drawRow writes the black runs of a row as strokes.
func drawRow(b *strings.Builder, code *qr.Code, y int) {
	b.WriteString("M" + strconv.Itoa(quietZone) + " " + strconv.Itoa(quietZone+y) + ".5")
	for x := 0; x < code.Size; {
		black, from := code.Black(x, y), x
		for x < code.Size && code.Black(x, y) == black {
			x++
		}
		if run := strconv.Itoa(x - from); black {
			b.WriteString("h" + run)
		} else if x < code.Size {
			b.WriteString("m" + run + " 0")
		}
	}
}
