import { expect, test } from 'vitest';
import { readBody } from './read-body.ts';
import { toBody } from './to-body.ts';

/** A stream that gives a byte and then nothing, and the reason why it was let go of. */
function endless() {
  let letGo: unknown;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Uint8Array.of(1)),
    cancel(reason) {
      letGo = reason;
    },
  });
  return { stream, letGo: () => letGo };
}

test('gives what is in memory without a copy, and what is not, read', async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(await readBody(toBody(bytes), undefined)).toBe(bytes);
  const stream = new Blob([bytes]).stream();
  expect(await readBody(toBody(stream), undefined)).toEqual(bytes);
});

test('lets go of the source when the caller gives up', async () => {
  const { stream, letGo } = endless();
  const controller = new AbortController();
  const reading = readBody(toBody(stream), controller.signal);
  controller.abort(new Error('enough'));
  await expect(reading).rejects.toMatchObject({ code: 'aborted', outcome: 'not-applied' });
  expect(letGo()).toMatchObject({ code: 'aborted' });
});

test('says that nothing was applied when the source fails', async () => {
  const source = new ReadableStream<Uint8Array>({
    pull() {
      throw new Error('torn');
    },
  });
  await expect(readBody(toBody(source), undefined)).rejects.toMatchObject({
    outcome: 'not-applied',
    cause: { message: 'torn' },
  });
});
