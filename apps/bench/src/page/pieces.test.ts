import { describe, expect, test } from 'vitest';
import { checkPieces, drain, sourceOf } from './pieces.ts';

const MIB = 1024 * 1024;

async function bytesOf(sizeBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Response(sourceOf(sizeBytes)).bytes();
}

const streamOf = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes]).stream();

describe('sourceOf', () => {
  test.each([0, 3, MIB, 2 * MIB + 2])('has %i bytes, which pass the check', async (sizeBytes) => {
    expect(await drain(sourceOf(sizeBytes))).toBe(sizeBytes);
    await checkPieces(sourceOf(sizeBytes), sizeBytes);
  });

  test('has fresh bytes in each piece', async () => {
    const pieces: Uint8Array[] = [];
    for await (const piece of sourceOf(2 * MIB)) pieces.push(piece);
    expect(pieces).toHaveLength(2);
    expect(pieces[0]?.buffer).not.toBe(pieces[1]?.buffer);
  });
});

describe('checkPieces', () => {
  test('takes pieces of any size', async () => {
    await checkPieces(streamOf(await bytesOf(MIB + 5)), MIB + 5);
  });

  test('finds a byte that changed', async () => {
    const bytes = await bytesOf(100);
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    await expect(checkPieces(streamOf(bytes), 100)).rejects.toThrow('Byte 50 came back');
  });

  test('finds pieces in another order, and lost ones', async () => {
    const bytes = await bytesOf(2 * MIB);
    const swapped = new Blob([bytes.subarray(MIB), bytes.subarray(0, MIB)]).stream();
    await expect(checkPieces(swapped, 2 * MIB)).rejects.toThrow('came back as another');
    await expect(checkPieces(streamOf(bytes.slice(0, MIB)), 2 * MIB)).rejects.toThrow(
      '1048576 bytes came back instead of 2097152',
    );
  });
});
