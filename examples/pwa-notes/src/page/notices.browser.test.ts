import { expect, test, vi } from 'vitest';
import { createNotices } from './notices.ts';

test('a notice ends by itself, and waits while it is looked at', async () => {
  vi.useFakeTimers();
  const notices = createNotices({ toAct: 100, toRead: 50 });
  document.body.replaceChildren(notices.element);
  const onEnd = vi.fn();
  notices.tell('deleted', { label: 'Undo', run: () => {} }, onEnd);
  notices.tell('done');
  const box = document.querySelector('.notice');
  vi.advanceTimersByTime(60);
  expect(document.querySelectorAll('.notice')).toHaveLength(1);
  box?.dispatchEvent(new PointerEvent('pointerenter'));
  vi.advanceTimersByTime(1000);
  expect(onEnd).not.toHaveBeenCalled();
  box?.dispatchEvent(new PointerEvent('pointerleave'));
  vi.advanceTimersByTime(100);
  expect(onEnd).toHaveBeenCalledTimes(1);
  expect(document.querySelectorAll('.notice')).toHaveLength(0);
  vi.useRealTimers();
});

test('the action of a notice is no end of it', () => {
  const notices = createNotices();
  document.body.replaceChildren(notices.element);
  const [run, onEnd] = [vi.fn(), vi.fn()];
  notices.tell('deleted', { label: 'Undo', run }, onEnd);
  document.querySelector('button')?.click();
  expect(run).toHaveBeenCalledTimes(1);
  expect(onEnd).not.toHaveBeenCalled();
});

test('the same error is shown once', () => {
  const notices = createNotices();
  document.body.replaceChildren(notices.element);
  for (const _ of [1, 2, 3]) notices.fail('save', new Error('full'));
  expect(document.querySelectorAll('.notice')).toHaveLength(1);
  document.querySelector<HTMLButtonElement>('.notice button')?.click();
  expect(document.querySelectorAll('.notice')).toHaveLength(0);
});
