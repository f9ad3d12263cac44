import { describe, expect, test } from 'vitest';
import { filled } from '../../test/guarded-provider.ts';
import { sha256 } from '../attributes/sha256.ts';

describe('an upload session through the guard', () => {
  test('works, and labels its errors', async () => {
    const { tiny, provider } = await filled();
    const session = (await provider.upload?.('u', {})) ?? expect.unreachable();
    await session.write(0, new Uint8Array([1, 2]));
    await session.write(2, new Uint8Array([3]));
    expect(await session.status()).toEqual({
      held: [
        { offset: 0, length: 2 },
        { offset: 2, length: 1 },
      ],
    });
    await session.complete({ ifNoneMatch: '*' });
    expect(tiny.objects.get('u')?.bytes).toEqual(new Uint8Array([1, 2, 3]));
    await expect(session.complete()).rejects.toMatchObject({
      code: 'conflict',
      operation: 'upload.complete',
      key: 'u',
      provider: 'tiny',
      outcome: 'not-applied',
    });
    await session.abort();
  });

  test('refuses parts against its rules', async () => {
    const { provider } = await filled({ part: { multipleOf: 2, maxBytes: 4 } });
    const session = (await provider.upload?.('u', {})) ?? expect.unreachable();
    for (const [offset, bytes] of [
      [1, new Uint8Array(2)],
      [-2, new Uint8Array(2)],
      [0.5, new Uint8Array(2)],
      [0, new Uint8Array(5)],
      [0, new Uint8Array(0)],
      [0, 'text' as never],
    ] as const) {
      await expect(session.write(offset, bytes)).rejects.toMatchObject({
        code: 'invalid-argument',
        operation: 'upload.write',
      });
    }
  });

  test('refuses what is no checksum', async () => {
    const { provider } = await filled({ capabilities: { uploadChecksum: true } });
    const session = (await provider.upload?.('u', { checksum: 'sha256' })) ?? expect.unreachable();
    await session.write(0, new Uint8Array([1]));
    const right = await sha256(new Uint8Array([1]));
    for (const checksum of ['', 'sha256-', right.slice(7), `${right}=`, right.toUpperCase()]) {
      await expect(session.complete({ checksum })).rejects.toMatchObject({
        code: 'invalid-argument',
        operation: 'upload.complete',
      });
    }
    await session.complete({ checksum: right });
    const upload = provider.upload?.('u', { checksum: 'md5' as 'sha256' });
    await expect(upload).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('does not show its token', async () => {
    const { provider } = await filled();
    const session = (await provider.upload?.('u', {})) ?? expect.unreachable();
    expect(session.token).toMatch(/^t/);
    expect(JSON.stringify(session)).not.toContain(session.token);
    expect(session.expiresAt).toEqual(new Date(0));
  });
});
