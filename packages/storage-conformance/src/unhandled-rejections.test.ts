import { expect, it } from 'vitest';
import { unhandledRejections } from './unhandled-rejections.ts';

it('counts until it is stopped, and knows where nobody tells', () => {
  const listeners = new Set<() => void>();
  const counted = unhandledRejections({
    on: (_name, listener) => listeners.add(listener),
    off: (_name, listener) => listeners.delete(listener),
  });
  for (const listener of listeners) listener();
  expect(counted?.count()).toBe(1);
  counted?.stop();
  expect(listeners.size).toBe(0);
  expect(unhandledRejections(undefined)).toBeDefined();
});
