import { expect, test } from 'vitest';
import { writeGate } from './write-gate.ts';

test('lets so many through at once, in order', async () => {
  const gate = writeGate(2);
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  const work = [0, 1, 2, 3].map((number) =>
    gate(undefined, () => {
      begun.push(number);
      return new Promise<void>((resolve) => ends.push(resolve));
    }),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  ends[0]?.();
  await work[0];
  await Promise.resolve();
  expect(begun).toEqual([0, 1, 2]);
  ends[1]?.();
  ends[2]?.();
  await Promise.all([work[1], work[2]]);
  ends[3]?.();
  await work[3];
  expect(begun).toEqual([0, 1, 2, 3]);
});

test('lets the next one in after a failure, and out with its signal', async () => {
  const gate = writeGate(1);
  const ending = Promise.withResolvers<void>();
  const first = gate(undefined, () => ending.promise);
  const controller = new AbortController();
  const second = gate(controller.signal, async () => 'second');
  const third = gate(new AbortController().signal, async () => 'third');
  controller.abort(new Error('enough'));
  await expect(second).rejects.toThrow('enough');
  ending.reject(new Error('failed'));
  await expect(first).rejects.toThrow('failed');
  expect(await third).toBe('third');
});

test('refuses a number that lets nothing through', () => {
  for (const most of [0, -1, 1.5, Number.NaN])
    expect(() => writeGate(most)).toThrow('concurrentWrites');
});
