import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { hideBytes, toSecret } from './secret.ts';

describe('a secret', () => {
  const secret = toSecret({ value: 'hunter2', version: 3, at: '2026-01-02T03:04:05.000Z' });

  test('is shown to who reveals it', () => {
    expect(secret.reveal()).toBe('hunter2');
    expect(secret.version).toBe(3);
    expect(secret.createdAt).toEqual(new Date('2026-01-02T03:04:05.000Z'));
    expect(toSecret({ value: 'x', version: 1 }).createdAt).toBeUndefined();
  });

  test.each<[string, (value: object) => string]>([
    ['text', String],
    ['a template', (value) => `${value}`],
    ['a sum', (value) => `${value}!`],
    ['JSON', (value) => JSON.stringify({ value })],
    ['inspect', (value) => inspect(value, { showHidden: true, depth: 9 })],
    ['inspect of what holds it', (value) => inspect({ list: [value] }, { depth: 9 })],
    ['its parts', (value) => Object.values(value).map(String).join()],
  ])('is not shown as %s', (_, show) => {
    expect(show(secret)).not.toContain('hunter2');
  });

  test('cannot be changed or sent elsewhere', () => {
    expect(Object.isFrozen(secret)).toBe(true);
    expect(() => structuredClone(secret)).toThrow('could not be cloned');
  });
});

test('bytes of a key are hidden and still bytes', () => {
  const key = hideBytes(new Uint8Array([104, 117, 110]));
  expect([...key]).toEqual([104, 117, 110]);
  expect(inspect(key)).toBe('Key(***)');
  expect(JSON.stringify({ key })).toBe('{"key":"***"}');
});
