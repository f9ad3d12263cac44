import { expect, test } from 'vitest';
import { type ClamdConnection, clamdScanner } from './clamd.ts';

const ENCODER = new TextEncoder();

/** A daemon that says what it found after so many pieces have come. */
function daemon(afterPieces: number, said: string) {
  const sizes: number[] = [];
  let say = () => {};
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      say = () => {
        controller.enqueue(ENCODER.encode(`${said}\0`));
        controller.close();
      };
    },
  });
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      sizes.push(chunk.byteLength);
      if (sizes.length === afterPieces + 1) say();
    },
  });
  const connection = { readable, writable } as unknown as ClamdConnection;
  return { sizes, scanner: clamdScanner({ connect: async () => connection }) };
}

/** Pieces that come one after another, each when the one before was looked at. */
function content(...sizes: readonly number[]): ReadableStream<Uint8Array> {
  const left = [...sizes];
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await new Promise((resolve) => setImmediate(resolve));
        const size = left.shift();
        if (size === undefined) controller.close();
        else controller.enqueue(new Uint8Array(size));
      },
    },
    { highWaterMark: 0 },
  );
}

const about = { key: 'a', signal: new AbortController().signal };

test('sends each piece after its length, and none that is empty', async () => {
  const { sizes, scanner } = daemon(3, 'stream: OK');
  expect(await scanner.scan(content(5, 0, 7), about)).toEqual({ verdict: 'clean' });
  expect(sizes.slice(1)).toEqual([9, 11, 4]);
});

test('sends no more once there is an answer', async () => {
  const { sizes, scanner } = daemon(1, 'stream: Some.Virus FOUND');
  expect(await scanner.scan(content(5, 5, 5, 5, 5, 5), about)).toEqual({
    verdict: 'infected',
    signature: 'Some.Virus',
  });
  expect(sizes.length).toBeLessThan(6);
});
