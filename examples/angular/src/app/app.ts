import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { injectConnection } from 'hawser/angular';
import { filter, scan } from 'rxjs';
import { Badge } from './badge';
import { Logbook } from './logbook';
import { MARKET, type Quote } from './market';
import { PriceCard } from './price-card';
import { Timeline } from './timeline';

const FAULTS = [
  { name: 'drop', title: 'Drop the link', text: 'No farewell. It is dialed again after a random wait.' },
  {
    name: 'freeze',
    title: 'Freeze the server',
    text: 'The link stays up, and silent. The heartbeat notices.',
  },
  {
    name: 'drain',
    title: 'Drain the server',
    text: 'It asks us to move. The new link opens first, nothing is missed.',
  },
] as const;

@Component({
  selector: 'app-root',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [Badge, PriceCard, Timeline],
  templateUrl: './app.html',
  styleUrl: './app.css',
})
export class App {
  protected readonly log = inject(Logbook);
  protected readonly faults = FAULTS;
  /** The one that was asked for last. */
  protected readonly asked = signal('');
  protected readonly quotes = toSignal(
    injectConnection(MARKET).messages$.pipe(
      filter((message): message is Quote => message.kind === 'price'),
      scan((known, quote) => ({ ...known, [quote.symbol]: quote }), {} as Readonly<Record<string, Quote>>),
    ),
    { initialValue: {} },
  );
  protected readonly shown = computed(() => Object.values(this.quotes()));
  protected readonly diary = computed(() => this.log.marbles().slice(-5).reverse());

  protected async inflict(fault: string): Promise<void> {
    this.asked.set(fault);
    await fetch(`/faults/${fault}`, { method: 'POST' }).catch(() => this.asked.set(''));
  }

  protected seconds(at: number): string {
    return `${((at - this.log.start) / 1_000).toFixed(1)} s`;
  }
}
