import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { type Link, Logbook, WINDOW } from './logbook';
import { now } from './now';

const WIDTH = 1_000;
const HEIGHT = 204;
/** Where what happens now is drawn; beyond it is the arrow's head. */
const EDGE = 976;
const SCALE = EDGE / WINDOW;
/** What a sign of the text stands for, in milliseconds. */
const COLUMN = 250;

/** The last half minute of the connection as a marble diagram: its events, its messages, and the life of each link. */
@Component({
  selector: 'app-timeline',
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './timeline.html',
  styleUrl: './timeline.css',
})
export class Timeline {
  protected readonly log = inject(Logbook);
  protected readonly viewBox = `0 0 ${WIDTH} ${HEIGHT}`;
  protected readonly edge = EDGE;
  readonly #now = now();

  /** Everything is drawn once, at its time, and moves as a whole. */
  protected readonly shift = computed(() => `translate(${(EDGE - this.x(this.#now())).toFixed(2)} 0)`);
  protected readonly ticks = computed(() =>
    this.log
      .messages()
      .map((at) => `M${this.x(at).toFixed(1)} 74v12`)
      .join(''),
  );
  protected readonly seconds = computed(() => {
    const last = Math.floor((this.#now() - this.log.start) / 5_000);
    return Array.from({ length: 8 }, (_, index) => 5 * (last - index))
      .filter((second) => second >= 0)
      .map((second) => ({ second, x: second * 1_000 * SCALE }));
  });
  readonly #column = computed(() => Math.floor((this.#now() - this.log.start) / COLUMN));
  /** The same as a marble test would say it, one sign above the other. */
  protected readonly text = computed(() => {
    const first = Math.max(0, this.#column() - WINDOW / COLUMN);
    const last = this.#column() - 1;
    const column = (at: number): number => Math.floor((at - this.log.start) / COLUMN) - first;
    const signs = Array.from({ length: Math.max(0, last - first + 1) }, () => '-');
    for (const at of this.log.messages()) if (column(at) in signs) signs[column(at)] = 'm';
    const groups = Map.groupBy(this.log.marbles(), ({ at }) => column(at));
    let free = 0;
    for (const [at, marbles] of groups) {
      if (!(at in signs)) continue;
      const letters = marbles.map(({ letter }) => letter).join('');
      // What happens at once stands in parentheses, and takes the place of what follows, but for another group: that comes after it.
      const sign = letters.length > 1 ? `(${letters})` : letters;
      signs.splice(Math.max(at, free), sign.length, ...sign);
      free = Math.max(at, free) + sign.length;
    }
    return { x: first * COLUMN * SCALE, width: signs.length * COLUMN * SCALE, signs: signs.join('') };
  });

  protected x(at: number): number {
    return (at - this.log.start) * SCALE;
  }

  protected width({ from, to }: Link): number {
    return Math.max(3, ((to ?? this.#now()) - from) * SCALE);
  }
}
