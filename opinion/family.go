// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"math"
	"slices"
)

// ellipseOf turns a covariance matrix, given by the lower triangle of its first two axes, into half axes and an angle.
func ellipseOf(covariance []float64) Ellipse {
	xx, xy, yy := covariance[0], 0.0, 0.0
	if len(covariance) > 1 {
		xy, yy = covariance[1], covariance[2]
	}
	middle, half := (xx+yy)/2, math.Sqrt((xx-yy)*(xx-yy)/4+xy*xy)
	return Ellipse{
		Major: math.Sqrt(max(0, middle+half)),
		Minor: math.Sqrt(max(0, middle-half)),
		Angle: math.Atan2(2*xy, xx-yy) / 2,
	}
}

// family holds the groups as normal distributions of one shape, for the probability of belonging to each.
type family struct {
	axes    int
	centers []float64
	share   []float64                            // logarithm of each group's share of people
	within  [maxAxes * (maxAxes + 1) / 2]float64 // pooled covariance around the own centre
	shapes  [][3]float64                         // covariance of each group on the first two axes
}

func newFamily(a *analysis) *family {
	k, d := len(a.result.Groups), a.points.axes
	f := &family{axes: d, share: make([]float64, k), shapes: make([][3]float64, k)}
	if k == 0 {
		return f
	}
	f.centers = vectorSum(len(a.grouped), k*d, func(n int, into []float64) {
		i := a.grouped[n]
		addScaled(into[a.groupOf[i]*d:], 1, a.placed.point(int(i))[:d])
	})
	for g, group := range a.result.Groups {
		scale(f.centers[g*d:][:d], 1/float64(group.Size))
	}
	each := triangleOf(d)
	products := vectorSum(len(a.grouped), k*each, func(n int, into []float64) {
		i := a.grouped[n]
		g := a.groupOf[i]
		into, off := into[g*each:][:each], [maxAxes]float64{}
		at := 0
		for x, v := range a.placed.point(int(i))[:d] {
			off[x] = v - f.centers[g*d+x]
			for y := range x + 1 {
				into[at] += off[x] * off[y]
				at++
			}
		}
	})
	for g, group := range a.result.Groups {
		own := products[g*each:][:each]
		addScaled(f.within[:], 1/float64(len(a.grouped)), own)
		copy(f.shapes[g][:], own)
		scale(f.shapes[g][:], 1/float64(group.Size))
		f.share[g] = math.Log(float64(group.Size) / float64(len(a.grouped)))
	}
	return f
}

func (f *family) center(g int) (c [2]float64) {
	copy(c[:], f.centers[g*f.axes:][:f.axes])
	return c
}

func (f *family) spread(g int) Ellipse {
	return ellipseOf(f.shapes[g][:])
}

// membership is the probability of each group, given a place that is itself uncertain:
//
//	p_g ~ share_g exp(-1/2 (x-c_g)' (within + covariance)^-1 (x-c_g))
//
// It gives the largest of them.
func (f *family) membership(at, covariance []float64, into []float32) float64 {
	var logs [mostGroups]float64
	if f.axes == 2 { // the usual case
		a, b, c := f.within[0]+covariance[0], f.within[1]+covariance[1], f.within[2]+covariance[2]
		half := 0.5 / (a*c - b*b)
		for g := range into {
			x, y := at[0]-f.centers[2*g], at[1]-f.centers[2*g+1]
			logs[g] = f.share[g] - (c*x*x-2*b*x*y+a*y*y)*half
		}
	} else {
		a := f.within
		addScaled(a[:], 1, covariance[:triangleOf(f.axes)])
		invert(&a, f.axes)
		for g := range into {
			logs[g] = f.share[g] - squareForm(&a, at[:f.axes], f.centers[g*f.axes:])/2
		}
	}
	best := slices.Max(logs[:len(into)])
	total := 0.0
	for g := range into {
		p := 1.0
		if logs[g] != best {
			p = math.Exp(logs[g] - best)
		}
		logs[g], total = p, total+p
	}
	for g := range into {
		into[g] = float32(logs[g] / total)
	}
	return 1 / total
}

// squareForm is (at-center)' a (at-center), given the lower triangle of a.
func squareForm(a *[maxAxes * (maxAxes + 1) / 2]float64, at, center []float64) float64 {
	square := 0.0
	for x := range at {
		for y := range at {
			square += (at[x] - center[x]) * a[lowerAt(x, y)] * (at[y] - center[y])
		}
	}
	return square
}
