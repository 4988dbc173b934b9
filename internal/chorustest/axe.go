// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// A Violation is one rule of accessibility that a page breaks, as axe-core found it.
type Violation struct {
	ID     string `json:"id"`     // such as "label" or "color-contrast"
	Impact string `json:"impact"` // minor, moderate, serious or critical
	Help   string `json:"help"`   // the rule in one sentence
	Nodes  []struct {
		HTML           string `json:"html"`
		FailureSummary string `json:"failureSummary"`
	} `json:"nodes"`
}

// String tells a developer what to mend and where.
func (v Violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s", v.ID, v.Impact, v.Help)
	for _, n := range v.Nodes {
		fmt.Fprintf(&b, "\n\t%s\n\t\t%s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n\t\t"))
	}
	return b.String()
}

// axeRules runs every rule for WCAG 2.2 AA and good practice. The size of targets is
// named because axe-core leaves that rule of WCAG 2.2 out unless asked.
const axeRules = `(async () => {
	const found = await axe.run(document, {
		resultTypes: ["violations"], iframes: false, rules: { "target-size": { enabled: true } },
	});
	return JSON.stringify(found.violations);
})()`

// Axe returns what axe-core finds wrong with the page shown, nothing at best. Where
// axe-core is missing the test is skipped, or fails when CI is set.
func (v *Visitor) Axe() []Violation {
	v.t.Helper()
	file := filepath.Join(Root(v.t), ".cache", "node_modules", "axe-core", "axe.min.js")
	source, err := os.ReadFile(file)
	if err != nil {
		Missing(v.t, "axe-core", ".cache/node_modules/axe-core/axe.min.js")
	}
	var violations []Violation
	v.do("running axe-core", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		// axe-core waits by timers, which stand still where scripts are switched off.
		if err := setScripts(ctx, t, scriptsRun); err != nil {
			return err
		}
		found, err := evaluate(ctx, t, string(source)+"\n;"+axeRules)
		if err != nil {
			return err
		}
		answer, err := found.text()
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(answer), &violations); err != nil {
			return err
		}
		return setScripts(ctx, t, scripts(!v.screen.NoScript))
	}))
	return violations
}
