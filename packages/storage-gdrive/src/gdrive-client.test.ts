import { describe, expect, test } from 'vitest';
import { driveClient, readJson } from './gdrive-client.ts';

describe('driveClient', () => {
  test('refuses an address without encryption, and a session of another service', async () => {
    expect(() => driveClient({ auth: 'x', endpoint: 'http://drive.example' })).toThrow(
      /without encryption/,
    );
    const client = driveClient({
      auth: 'x',
      endpoint: 'http://drive.example',
      allowInsecure: true,
    });
    for (const url of ['https://evil.example/?upload_id=x', 'nonsense']) {
      await expect(client.session({ method: 'PUT', url, accept: [] })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }
  });
});

test('reads JSON that is an object, and takes nothing else for an answer', async () => {
  expect(await readJson(new Response('{"a":1}'))).toEqual({ a: 1 });
  for (const text of ['<html>', '7', 'null']) {
    await expect(readJson(new Response(text))).rejects.toMatchObject({ code: 'unavailable' });
  }
});
