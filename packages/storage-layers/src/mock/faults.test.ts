import { describe, expect, test } from 'vitest';
import { type FaultTarget, faultError, faultScript } from './faults.ts';

const call = (overrides: Partial<FaultTarget> = {}): FaultTarget => ({
  operation: 'put',
  keys: ['a'],
  page: 1,
  ofItem: false,
  ...overrides,
});

describe('faultScript', () => {
  test('meets the next call of the operation, once', () => {
    const script = faultScript();
    const fault = script.add('put', {});
    expect(script.next(call({ operation: 'get' }))).toBeUndefined();
    expect(script.next(call())).toEqual({});
    expect(script.next(call())).toBeUndefined();
    expect(fault.hits).toBe(1);
  });

  test('lets calls pass first, and meets as many as it is told to', () => {
    const script = faultScript();
    const fault = script.add('*', { after: 1, times: 2 });
    const met = Array.from({ length: 5 }, () => script.next(call()) !== undefined);
    expect(met).toEqual([false, true, true, false, false]);
    expect(fault.hits).toBe(2);
  });

  test('takes faults of one operation in the order of the script', () => {
    const script = faultScript();
    script.add('put', { with: 'unavailable' });
    script.add('put', { with: 'timeout' });
    expect([script.next(call()), script.next(call())]).toEqual([
      { with: 'unavailable' },
      { with: 'timeout' },
    ]);
  });

  test.each([
    ['a', ['a'], true],
    ['a', ['ab'], false],
    ['a*', ['a/b\nc'], true],
    ['*.json', ['x.json'], true],
    ['*.json', ['xjson'], false],
    ['a+(b)', ['a+(b)'], true],
    [/^b/g, ['a', 'b'], true],
    [/^c/, ['a', 'b'], false],
  ])('meets with the key %s calls on %j: %s', (key, keys, meets) => {
    const script = faultScript();
    script.add('put', { key, times: 2 });
    expect(script.next(call({ keys })) !== undefined).toBe(meets);
    expect(script.next(call({ keys })) !== undefined).toBe(meets);
  });

  test('meets the page of a listing that it names', () => {
    const script = faultScript();
    script.add('list', { page: 2 });
    expect(script.next(call({ operation: 'list' }))).toBeUndefined();
    expect(script.next(call({ operation: 'list', page: 2 }))).toEqual({ page: 2 });
  });

  test('tells items of a batch from the whole', () => {
    const script = faultScript();
    script.add('putMany', { key: 'a' });
    script.add('putMany', {});
    const batch = { operation: 'putMany' as const };
    expect(script.next(call({ ...batch, ofItem: true, keys: ['b'] }))).toBeUndefined();
    expect(script.next(call({ ...batch, ofItem: true }))).toEqual({ key: 'a' });
    expect(script.next(call(batch))).toEqual({});
  });

  test('forgets a fault that is removed, and all that are cleared', () => {
    const script = faultScript();
    script.add('put', {}).remove();
    expect(script.next(call())).toBeUndefined();
    script.add('put', {});
    script.clear();
    expect(script.next(call())).toBeUndefined();
  });

  test.each([
    { times: 0 },
    { after: -1 },
    { page: 0 },
    { cutAfterBytes: -1 },
    { retryAfterMs: Number.NaN },
    { lost: true, hang: true },
    { lost: true, cutAfterBytes: 1 },
    { page: 1 },
  ])('refuses %j', (options) => {
    expect(() => faultScript().add('put', options)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  test('refuses to break off what has no body', () => {
    expect(() => faultScript().add('stat', { cutAfterBytes: 1 })).toThrow('no body');
  });
});

describe('faultError', () => {
  test('is unavailable unless told otherwise, and says the outcome of a write', () => {
    expect(faultError({}, true)).toMatchObject({
      code: 'unavailable',
      retryable: true,
      outcome: 'not-applied',
    });
    expect(faultError({ lost: true }, true)).toMatchObject({ outcome: 'unknown' });
    expect(faultError({ with: 'rate-limited', retryAfterMs: 5 }, false)).toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 5,
      outcome: undefined,
    });
  });

  test('is the error that was given', () => {
    const error = new Error('mine');
    expect(faultError({ with: error }, true)).toBe(error);
  });
});
