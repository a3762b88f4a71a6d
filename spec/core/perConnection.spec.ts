import { perConnection } from '../../src/core/perConnection.js';

describe('perConnection', () => {
  it('makes one value for each connection, whatever the order in which they are asked for', () => {
    let made = 0;
    const of = perConnection((connection: { id: string }) => `${connection.id} ${++made}`);
    const [a, b] = [{ id: 'a' }, { id: 'b' }];
    expect([of(a), of(a), of(b), of(a), of(b), of(b)]).toEqual(['a 1', 'a 1', 'b 2', 'a 1', 'b 2', 'b 2']);
  });

  it('tells connections apart by themselves, not by what they look like', () => {
    const of = perConnection(() => Symbol());
    expect(of({ id: 'a' })).not.toBe(of({ id: 'a' }));
  });

  it('shares nothing between two makers', () => {
    const connection = {};
    expect(perConnection(() => 'one')(connection)).toBe('one');
    expect(perConnection(() => 'two')(connection)).toBe('two');
  });
});
