import { expect, it } from 'vitest';
import { countedSignal } from './counted-signal.ts';

it('counts listeners until they are removed, or their own signal ends', () => {
  const { signal, abort, listeners } = countedSignal();
  const listener = () => {};
  signal.addEventListener('abort', listener);
  signal.addEventListener('abort', () => {}, { once: true });
  expect(listeners()).toBe(2);
  signal.removeEventListener('abort', listener);
  expect(listeners()).toBe(1);
  const other = new AbortController();
  signal.addEventListener('abort', () => {}, { signal: other.signal });
  expect(listeners()).toBe(2);
  other.abort();
  expect(listeners()).toBe(1);
  abort('enough');
  expect(signal.reason).toBe('enough');
});
