import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BLOCK_BYTES,
  contentHash,
  contentHasher,
  hashedStream,
  hexToBase64,
} from './dropbox-hash.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const sha256 = async (bytes: Uint8Array) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));

/** The definition in its plainest form. https://www.dropbox.com/developers/reference/content-hash, read 2026-11-21 */
async function byDefinition(content: Uint8Array): Promise<string> {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < content.byteLength; at += BLOCK_BYTES) {
    hashes.push(await sha256(content.subarray(at, at + BLOCK_BYTES)));
  }
  return hex(await sha256(Buffer.concat(hashes)));
}

describe('contentHash', () => {
  test('combines blocks as the published example of milky-way-nasa.jpg does', async () => {
    const blocks = [
      '2a846fa617c3361fc117e1c5c1e1838c336b6a5cef982c1a2d9bdf68f2f1992a',
      'c68469027410ea393eba6551b9fa1e26db775f00eae70a0c3c129a0011a39cf9',
      '7376192de020925ce6c5ef5a8a0405e931b0a9a8c75517aacd9ca24a8a56818b',
    ];
    // The image is not here; its blocks' hashes are, and joining them is the second half of the definition.
    const joined = Buffer.concat(blocks.map((block) => Buffer.from(block, 'hex')));
    expect(hex(await sha256(joined))).toBe(
      '485291fa0ee50c016982abbfa943957bcd231aae0492ccbaa22c58e3997b35e0',
    );
  });

  test('is the published value of nothing for an empty file', async () => {
    expect(await contentHash(new Uint8Array(0))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  test.each([
    1,
    BLOCK_BYTES - 1,
    BLOCK_BYTES,
    BLOCK_BYTES + 1,
    2 * BLOCK_BYTES,
    2 * BLOCK_BYTES + 7,
  ])('follows the definition for %i bytes', async (size) => {
    const content = new Uint8Array(size).map((_, index) => index * 31);
    expect(await contentHash(content)).toBe(await byDefinition(content));
  });

  test('does not depend on how content is cut', async () => {
    const content = new Uint8Array(2 * BLOCK_BYTES + 100).map((_, index) => index * 7);
    const whole = await contentHash(content);
    const cuts = fc.array(fc.nat({ max: content.byteLength }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const hasher = contentHasher();
        let from = 0;
        for (const to of [...places.toSorted((a, b) => a - b), content.byteLength]) {
          await hasher.update(content.subarray(from, to));
          from = to;
        }
        expect(await hasher.digest()).toBe(whole);
      }),
      { numRuns: 5 },
    );
  });
});

test('tells hex as base64', () => {
  expect(hexToBase64('00ff10')).toBe('AP8Q');
});

describe('hashedStream', () => {
  const content = new TextEncoder().encode('content');

  test('passes content on, and lets go of it', async () => {
    const stream = hashedStream(new Blob([content]).stream(), await contentHash(content), 7);
    expect(await new Response(stream).text()).toBe('content');
    const reasons: unknown[] = [];
    const source = new ReadableStream<Uint8Array>({
      cancel: (reason) => void reasons.push(reason),
    });
    await hashedStream(source, '', 7).cancel('enough');
    expect(reasons).toEqual(['enough']);
  });

  test('fails at the end of other content', async () => {
    const stream = hashedStream(new Blob([content]).stream(), '0'.repeat(64), 7);
    await expect(new Response(stream).text()).rejects.toMatchObject({ code: 'corrupted' });
    const short = hashedStream(new Blob([content]).stream(), '0'.repeat(64), 8);
    expect(await new Response(short).text()).toBe('content');
  });
});
