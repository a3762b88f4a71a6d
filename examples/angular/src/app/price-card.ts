import {
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  type ElementRef,
  input,
  linkedSignal,
  viewChild,
} from '@angular/core';
import { DecimalPipe } from '@angular/common';
import type { Quote } from './market';

const WIDTH = 120;
const HEIGHT = 34;
const POINTS = 60;

/** One price, with the way it came, and a flash when it changes. */
@Component({
  selector: 'app-price-card',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [DecimalPipe],
  host: { '[attr.data-symbol]': 'quote().symbol' },
  template: `
    <div #flash class="flash" aria-hidden="true"></div>
    <header>
      <span class="symbol">{{ quote().symbol }}</span>
      <span class="change" [class.down]="change() < 0"
        >{{ change() < 0 ? '▾' : '▴' }} {{ magnitude() | number: '1.2-2' }}%</span
      >
    </header>
    <div #figure class="price">{{ quote().price | number: '1.2-2' }}</div>
    <div class="name">{{ quote().name }}</div>
    <svg [attr.viewBox]="viewBox" preserveAspectRatio="none" aria-hidden="true">
      <path [attr.d]="line()" [class.down]="change() < 0" />
    </svg>
  `,
  styleUrl: './price-card.css',
})
export class PriceCard {
  readonly quote = input.required<Quote>();
  private readonly flash = viewChild.required<ElementRef<HTMLElement>>('flash');
  private readonly figure = viewChild.required<ElementRef<HTMLElement>>('figure');

  protected readonly viewBox = `0 -2 ${WIDTH} ${HEIGHT + 4}`;
  protected readonly change = computed(() => 100 * (this.quote().price / this.quote().base - 1));
  protected readonly magnitude = computed(() => Math.abs(this.change()));
  readonly #history = linkedSignal<Quote, readonly number[]>({
    source: this.quote,
    computation: ({ price }, before) => [...(before?.value ?? []).slice(1 - POINTS), price],
  });
  protected readonly line = computed(() => {
    const prices = this.#history();
    const [low, high] = [Math.min(...prices), Math.max(...prices)];
    const x = (index: number): number => WIDTH - (prices.length - 1 - index) * (WIDTH / (POINTS - 1));
    const y = (price: number): number => (high === low ? HEIGHT / 2 : HEIGHT * (1 - (price - low) / (high - low)));
    return prices.map((price, index) => `${index ? 'L' : 'M'}${x(index).toFixed(1)} ${y(price).toFixed(1)}`).join('');
  });

  constructor() {
    let before: number | undefined;
    effect(() => {
      const { price } = this.quote();
      if (before !== undefined && price !== before) {
        const color = price > before ? 'var(--good)' : 'var(--bad)';
        this.flash().nativeElement.animate(
          [
            { backgroundColor: color, opacity: 0.18 },
            { backgroundColor: color, opacity: 0 },
          ],
          { duration: 700, easing: 'ease-out' },
        );
        this.figure().nativeElement.animate([{ color }, {}], { duration: 700, easing: 'ease-out' });
      }
      before = price;
    });
  }
}
