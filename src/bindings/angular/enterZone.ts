import { NgZone } from '@angular/core';
import { defer, type Observable } from 'rxjs';
import { operated } from '../../core/operate.js';

/**
 * Delivers inside Angular's zone to who subscribes in it, so that a view of an app with zone.js notices; to all others, and in an app
 * without zone.js, where the source does.
 */
export function enterZone<T>(zone: NgZone, source: Observable<T>): Observable<T> {
  const inside = operated<T, T>(source, (subscriber) => ({
    next: (value) => zone.run(() => subscriber.next(value)),
    error: (error) => zone.run(() => subscriber.error(error)),
    complete: () => zone.run(() => subscriber.complete()),
  }));
  return defer(() => (NgZone.isInAngularZone() ? inside : source));
}
