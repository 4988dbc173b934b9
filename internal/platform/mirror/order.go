// SPDX-License-Identifier: AGPL-3.0-or-later

package mirror

import "context"

// inOrder fetches a few things ahead and hands them on one by one, in order.
func inOrder[T any](ctx context.Context, count int, fetch func(ctx context.Context, i int) (T, error), take func(i int, t T) error) error {
	type got struct {
		t   T
		err error
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	queue := make(chan chan got, ahead)
	go func() {
		defer close(queue)
		for i := range count {
			slot := make(chan got, 1)
			select {
			case <-ctx.Done():
				return
			case queue <- slot:
			}
			go func() {
				t, err := fetch(ctx, i)
				slot <- got{t, err}
			}()
		}
	}()
	for i := range count {
		slot, ok := <-queue
		if !ok {
			return ctx.Err()
		}
		g := <-slot
		if g.err == nil {
			g.err = take(i, g.t)
		}
		if g.err != nil {
			return g.err
		}
	}
	return nil
}
