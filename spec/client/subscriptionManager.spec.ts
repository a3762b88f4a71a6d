import { config as rxjs } from 'rxjs';
import { createSubscriptionManager } from '../../src/client/subscriptionManager.js';
import type { WebSocketMessage } from '../../src/client/webSocketClient.js';

const message = (data: unknown): WebSocketMessage => ({ type: 'message', data, timestamp: 0 });

describe('createSubscriptionManager', () => {
  it('gives a message to the listeners of its channel, in their order', () => {
    const channels = createSubscriptionManager();
    const got: string[] = [];
    channels.subscribe<string>('a', ({ data }) => got.push(`first ${data}`));
    channels.subscribe<string>('a', ({ data }) => got.push(`second ${data}`));
    channels.subscribe<string>('b', ({ data }) => got.push(`other ${data}`));

    channels.dispatch('a', message('x'));
    channels.dispatch('nobody', message('y'));

    expect(got).toEqual(['first x', 'second x']);
  });

  it('knows the channels that have a listener', () => {
    const channels = createSubscriptionManager();
    const leaveA = channels.subscribe('a', () => {});
    const leaveToo = channels.subscribe('a', () => {});
    channels.subscribe('b', () => {});
    expect(channels.getChannels()).toEqual(['a', 'b']);

    leaveA();
    expect(channels.isSubscribed('a')).toBe(true);
    leaveToo();
    leaveToo();

    expect(channels.isSubscribed('a')).toBe(false);
    expect(channels.getChannels()).toEqual(['b']);
  });

  it('treats each subscription as one of its own, also of the same listener', () => {
    const channels = createSubscriptionManager();
    const got: unknown[] = [];
    const listener = ({ data }: WebSocketMessage): void => void got.push(data);
    const leave = channels.subscribe('a', listener);
    channels.subscribe('a', listener);
    leave();

    channels.dispatch('a', message(1));

    expect(got).toEqual([1]);
  });

  it('forgets a channel, or all, also in the middle of a message', () => {
    const channels = createSubscriptionManager();
    const got: string[] = [];
    channels.subscribe('a', () => channels.unsubscribe('a'));
    channels.subscribe('a', () => got.push('too late'));
    channels.subscribe('b', () => got.push('b'));

    channels.dispatch('a', message(1));
    expect(channels.getChannels()).toEqual(['b']);
    channels.unsubscribeAll();
    channels.dispatch('b', message(1));
    channels.unsubscribe('never there');

    expect(got).toEqual([]);
    expect(channels.getChannels()).toEqual([]);
  });

  it('does not let an old subscription end a newer one', () => {
    const channels = createSubscriptionManager();
    const got: unknown[] = [];
    const leave = channels.subscribe('a', () => {});
    channels.unsubscribe('a');
    channels.subscribe('a', ({ data }) => got.push(data));
    leave();

    channels.dispatch('a', message(1));

    expect(got).toEqual([1]);
    expect(channels.isSubscribed('a')).toBe(true);
  });

  it('reports what a listener throws, and tells the others all the same', async () => {
    const reported: unknown[] = [];
    rxjs.onUnhandledError = (error) => reported.push(error);
    const channels = createSubscriptionManager();
    const fault = new Error('a listener failed');
    const got: unknown[] = [];
    channels.subscribe('a', () => {
      throw fault;
    });
    channels.subscribe('a', ({ data }) => got.push(data));

    channels.dispatch('a', message(1));
    channels.dispatch('a', message(2));
    await new Promise((resolve) => setTimeout(resolve));
    rxjs.onUnhandledError = null;

    expect(got).toEqual([1, 2]);
    expect(reported).toEqual([fault, fault]);
  });
});
