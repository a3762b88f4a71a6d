import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { online$ } from 'hawser';
import { injectConnection } from 'hawser/angular';
import { MARKET } from './market';

/** How the connection stands, for everybody to see. */
@Component({
  selector: 'app-badge',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { role: 'status', '[attr.data-state]': 'state().internalState', '[attr.data-tone]': 'shown().tone' },
  template: `
    <span class="dot" aria-hidden="true"></span>
    <strong>{{ shown().title }}</strong>
    <span class="detail">{{ shown().detail }}</span>
  `,
  styleUrl: './badge.css',
})
export class Badge {
  protected readonly state = injectConnection(MARKET).state;
  readonly #online = toSignal(online$(), { requireSync: true });

  protected readonly shown = computed(() => {
    const { internalState, connection, attempt } = this.state();
    const server = connection?.session.server ?? '';
    switch (internalState) {
      case 'ACTIVE':
        return { tone: 'good', title: 'Connected', detail: `to ${server}` };
      case 'DRAINING_RECONNECTING':
        return { tone: 'move', title: 'Handing over', detail: `${server} is leaving` };
      case 'CONNECTING':
        return { tone: 'wait', title: 'Connecting', detail: attempt > 0 ? `attempt ${attempt}` : '' };
      case 'RECONNECTING':
        return this.#online()
          ? { tone: 'wait', title: 'Reconnecting', detail: `attempt ${attempt}` }
          : { tone: 'bad', title: 'Offline', detail: 'waiting for the network' };
      default:
        return { tone: 'bad', title: 'Ended', detail: '' };
    }
  });
}
