import { expect, test } from 'vitest';
import { mapStreamError } from './map-stream-error.ts';

const CHUNK = new Uint8Array([1, 2]);

function source(end: (controller: ReadableStreamDefaultController<Uint8Array>) => void) {
  let pulled = 0;
  const cancelled: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulled += 1;
        if (pulled <= 2) controller.enqueue(CHUNK);
        else end(controller);
      },
      cancel(reason) {
        cancelled.push(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, pulled: () => pulled, cancelled };
}

test('passes chunks on one by one, and the end', async () => {
  const { stream, pulled } = source((controller) => controller.close());
  const reader = mapStreamError(stream, (error) => error).getReader();
  expect(pulled()).toBe(0);
  expect(await reader.read()).toEqual({ done: false, value: CHUNK });
  expect(pulled()).toBe(1);
  await reader.read();
  expect((await reader.read()).done).toBe(true);
});

test('breaks with what the error was made into', async () => {
  const { stream } = source((controller) => controller.error(new Error('reset')));
  const mapped = mapStreamError(stream, (error) => new Error('mapped', { cause: error }));
  await expect(Array.fromAsync(mapped)).rejects.toMatchObject({
    message: 'mapped',
    cause: { message: 'reset' },
  });
});

test('passes cancelling on, before and after the first read', async () => {
  for (const reads of [0, 1]) {
    const { stream, cancelled } = source((controller) => controller.close());
    const reader = mapStreamError(stream, (error) => error).getReader();
    if (reads > 0) await reader.read();
    await reader.cancel('enough');
    expect(cancelled).toEqual(['enough']);
  }
});
