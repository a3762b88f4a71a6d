import { newerLease } from '../../src/gateway/newerLease.js';

describe('newerLease', () => {
  const older = '01ARZ3NDEKTSV4RRFFQ69G5FA2';
  const newer = '01ARZ3NDEKTSV4RRFFQ69G5FA3';

  it('takes the greater ULID, in whichever order they arrive', () => {
    expect(newerLease(older, newer)).toBe(newer);
    expect(newerLease(newer, older)).toBe(newer);
    expect(newerLease(newer, newer)).toBe(newer);
  });

  it.each([
    ['neither is a ULID', 'lease-9', 'lease-10'],
    ['only the one that is known is', newer, '00'],
    ['only the one that arrived is', 'zz', older],
    ['a letter is none of Crockford’s', newer, '01ARZ3NDEKTSV4RRFFQ69G5FAU'],
    ['the time of the one that is known is too great', '81ARZ3NDEKTSV4RRFFQ69G5FA3', older],
    ['they are not in capitals', newer.toLowerCase(), older.toLowerCase()],
  ])('takes the one that arrived last when %s', (_, known, arrived) => {
    expect(newerLease(known, arrived)).toBe(arrived);
  });
});
