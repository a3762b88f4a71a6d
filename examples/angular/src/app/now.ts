import { DestroyRef, inject, type Signal, signal } from '@angular/core';

/** The time, anew with every frame; for who wants less motion, with every second. Stands still in a page that nobody sees. */
export function now(): Signal<number> {
  const time = signal(performance.now());
  const step = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1_000 : 0;
  let frame = 0;
  const tick = (at: number): void => {
    if (at - time() >= step) time.set(at);
    frame = requestAnimationFrame(tick);
  };
  frame = requestAnimationFrame(tick);
  inject(DestroyRef).onDestroy(() => cancelAnimationFrame(frame));
  return time.asReadonly();
}
