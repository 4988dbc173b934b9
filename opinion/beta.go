// SPDX-License-Identifier: Apache-2.0

package opinion

import "math"

// Interval is where a share lies with a probability of 80 %: one in ten below Low, one in ten above High.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// shareInterval is the credible interval of a share after `successes` of `trials`, with the prior of
// Jeffreys (1946), Beta(1/2, 1/2), which favours no share.
func shareInterval(successes, trials int) Interval {
	a, b := float64(successes)+0.5, float64(trials-successes)+0.5
	if min(a, b) > manyAnswers {
		return intervalOfMany(a, b)
	}
	front := logBeta(a, b)
	return Interval{betaQuantile(0.1, a, b, front), betaQuantile(0.9, a, b, front)}
}

// normalTenth is what a standard normal variable falls below once in ten times.
const normalTenth = -1.2815515655446004

// roughlyAtLeast is the lower bound of a share to two or three digits, much faster.
func roughlyAtLeast(successes, trials int) float64 {
	a, b := float64(successes)+0.5, float64(trials-successes)+0.5
	if a < 1 || b < 1 {
		return betaGuess(0.1, a, b, logBeta(a, b))
	}
	return betaGuess(0.1, a, b, 0)
}

// manyAnswers is from how many answers of either kind on intervalOfMany is right to five digits of the standard deviation.
const manyAnswers = 30

// intervalOfMany is the interval by the expansion of Cornish and Fisher (1937; Abramowitz and Stegun 1964, 26.2.49) for the log odds
// of the share, whose cumulants are known: kappa_r = psi_(r-1)(a) + (-1)^r psi_(r-1)(b), psi being the polygamma functions.
// It takes a tenth of the time of betaQuantile.
func intervalOfMany(a, b float64) Interval {
	p, q := polygammas(1/a), polygammas(1/b)
	middle, variance := math.Log(a/b)+p[0]-q[0], p[1]+q[1]
	s := 1 / math.Sqrt(variance)
	g1, g2, g3, g4 := (p[2]-q[2])*s*s*s, (p[3]+q[3])*s*s*s*s, (p[4]-q[4])*s*s*s*s*s, (p[5]+q[5])*s*s*s*s*s*s
	const ( // Hermite polynomials at normalTenth
		z  = normalTenth
		h1 = z
		h2 = z*z - 1
		h3 = z * (z*z - 3)
		h4 = z*z*(z*z-6) + 3
		h5 = z * (z*z*(z*z-10) + 15)
	)
	odd := z + g2*h3/24 - g1*g1*(2*h3+h1)/36 + g4*h5/720 - g2*g2*(3*h5+6*h3+2*h1)/384 - g1*g3*(2*h5+3*h3)/180 +
		g1*g1*g2*(14*h5+37*h3+8*h1)/288 - g1*g1*g1*g1*(252*h5+832*h3+227*h1)/7776
	even := g1*h2/6 + g3*h4/120 - g1*g2*(h4+h2)/24 + g1*g1*g1*(12*h4+19*h2)/324
	share := func(w float64) float64 { return 1 / (1 + math.Exp(-middle-w/s)) }
	return Interval{share(even + odd), share(even - odd)} // the other tenth turns the signs of z, h1, h3 and h5
}

// polygammas are psi(x) - log x and its derivatives up to the fifth of psi, given y = 1/x, by their asymptotic series
// (Abramowitz and Stegun 6.3.18, 6.4.11).
func polygammas(y float64) [6]float64 {
	s := y * y
	return [6]float64{
		-y/2 - s/12 + s*s/120 - s*s*s/252,
		y + s/2 + s*y/6 - s*s*y/30 + s*s*s*y/42,
		-s * (1 + y + s/2 - s*s/6 + s*s*s/6),
		s * y * (2 + 3*y + 2*s - s*s + s*s*s*4/3),
		-s * s * (6 + 12*y + 10*s - 7*s*s),
		s * s * y * (24 + 60*y + 60*s - 56*s*s),
	}
}

// betaQuantile inverts the distribution function of Beta(a, b) at p, 0.1 or 0.9: a normal approximation (Abramowitz and Stegun 1964, 26.5.22),
// bettered by Halley's method held within bounds. front is logBeta(a, b).
func betaQuantile(p, a, b, front float64) float64 {
	if a > b {
		return 1 - betaQuantile(1-p, b, a, front) // keeps the digits next to 1
	}
	low, high := 0.0, 1.0
	x := betaGuess(p, a, b, front)
	near := 0.03 * math.Sqrt(a*b/((a+b)*(a+b)*(a+b)))
	for range 60 {
		f := betaCumulative(x, a, b, front) - p
		if f > 0 {
			high = x
		} else {
			low = x
		}
		density := math.Exp((a-1)*math.Log(x) + (b-1)*math.Log1p(-x) - front)
		newton := f / density
		next := x - newton/(1-newton*((a-1)/x-(b-1)/(1-x))/2)
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		moved := math.Abs(next - x)
		x = next
		if moved < near && math.Abs(f) < 0.01 { // the next step is smaller by its cube
			break
		}
	}
	return x
}

func betaGuess(p, a, b, front float64) float64 {
	if a < 1 || b < 1 {
		// near an edge the distribution is a power: P = x^a / (a B(a,b))
		edge := math.Exp((math.Log(p*a) + front) / a)
		if b < 1 {
			edge = 1 - math.Exp((math.Log((1-p)*b)+front)/b)
		}
		return min(1-1e-9, max(1e-12, edge))
	}
	z := normalTenth
	if p > .5 {
		z = -z
	}
	l := (z*z - 3) / 6
	s, t := 1/(2*a-1), 1/(2*b-1)
	h := 2 / (s + t)
	w := z*math.Sqrt(h+l)/h - (t-s)*(l+5.0/6-2/(3*h))
	return min(1-1e-9, max(1e-12, a/(a+b*math.Exp(-2*w))))
}

func logBeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}

// betaCumulative is the regularised incomplete beta function by its continued fraction (Abramowitz and Stegun 26.5.8,
// evaluated after Lentz 1976).
func betaCumulative(x, a, b, front float64) float64 {
	if x > (a+1)/(a+b+2) {
		return 1 - betaCumulative(1-x, b, a, front)
	}
	if x <= 0 {
		return 0
	}
	const tiny = 1e-300
	c, d := 1.0, 1/(1-(a+b)*x/(a+1))
	f := d
	for m := 1.0; m < 1000; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / max(tiny, 1+even*d)
		c = max(tiny, 1+even/c)
		f *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / max(tiny, 1+odd*d)
		c = max(tiny, 1+odd/c)
		step := d * c
		f *= step
		if math.Abs(step-1) < 1e-9 {
			break
		}
	}
	return f * math.Exp(a*math.Log(x)+b*math.Log1p(-x)-front) / a
}
