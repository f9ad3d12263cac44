import { describe, expect, test } from 'vitest';
import { FAKE_ENDPOINT, FAKE_TOKEN, fakeAcme } from '../test/fake-acme.ts';
import { createAcme } from './index.ts';

const access = { endpoint: FAKE_ENDPOINT, token: FAKE_TOKEN };

describe('createAcme', () => {
  test('keeps values', async () => {
    const storage = createAcme({ ...access, fetch: fakeAcme().fetch });
    await storage.save('notes/today', { text: 'Buy bread' }, { tags: ['todo'] });
    expect(await storage.load('notes/today')).toEqual({ text: 'Buy bread' });
  });

  test('makes no request before the first operation', () => {
    const service = fakeAcme();
    createAcme({ ...access, fetch: service.fetch });
    expect(service.requests()).toBe(0);
  });

  test('tries again what fails for a passing reason', async () => {
    const service = fakeAcme();
    const retry = { attempts: 2, sleep: async () => service.fault(undefined) };
    const storage = createAcme({ ...access, fetch: service.fetch, retry });
    service.fault('unavailable');
    await storage.put('a', 'content');
    expect(await (await storage.get('a')).text()).toBe('content');
  });

  test('lets go of a body that is not read to its end, and of a source that is not taken', async () => {
    const storage = createAcme({ ...access, fetch: fakeAcme().fetch });
    await storage.put('a', 'content');
    const body = (await storage.get('a')).stream();
    await body.cancel();

    let isReleased = false;
    const source = new ReadableStream<Uint8Array>({
      cancel() {
        isReleased = true;
      },
    });
    await expect(storage.put('a', source, { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(isReleased).toBe(true);
  });

  test('says that the service cannot be reached when a body breaks', async () => {
    const { fetch } = fakeAcme();
    const breaking: typeof fetch = async (...request) => {
      const { headers } = await fetch(...request);
      const body = new ReadableStream({
        pull: (controller) => controller.error(new Error('reset')),
      });
      return new Response(body, { headers });
    };
    const storage = createAcme({ ...access, fetch, retry: false });
    await storage.put('a', 'content');
    const broken = createAcme({ ...access, fetch: breaking, retry: false });
    await expect((await broken.get('a')).text()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('fromConfig', () => {
  const fromConfig = (config: Readonly<Record<string, unknown>>) =>
    createAcme.backend.fromConfig?.({ config });

  test('reads options', () => {
    expect(fromConfig(access)).toEqual(access);
  });

  test('refuses options that are missing or unknown', () => {
    expect(() => fromConfig({ token: 'x' })).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    );
    expect(() => fromConfig({ ...access, bucket: 'x' })).toThrow(/no option "bucket"/);
  });
});
