import type { ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { fakeNetwork, tokens } from '../../test/fake-fetch.ts';
import { dropbox } from '../providers/dropbox.ts';
import { openId } from '../providers/open-id.ts';
import { createSignIn } from './create-node-sign-in.ts';
import { type LoopbackOptions, loopback } from './loopback.ts';
import { openBrowser } from './open-browser.ts';

const ISSUER = 'https://id.example';
const provider = openId({
  issuer: ISSUER,
  clientId: 'me',
  scopes: ['files'],
  endpoints: { authorization: `${ISSUER}/authorize`, token: `${ISSUER}/token` },
});

function launcher(platform: string, event: 'spawn' | 'error') {
  const started: (readonly [string, readonly string[], object])[] = [];
  const fake = (command: string, args: readonly string[], options: object): ChildProcess => {
    started.push([command, args, options]);
    const child = Object.assign(new EventEmitter(), { unref() {} });
    setImmediate(() => child.emit(event, new Error('ENOENT')));
    return child as unknown as ChildProcess;
  };
  return { started, launcher: { platform, spawn: fake as unknown as typeof spawn } };
}

describe('the browser of the system', () => {
  test.each([
    ['darwin', 'open', []],
    ['win32', 'rundll32', ['url.dll,FileProtocolHandler']],
    ['linux', 'xdg-open', []],
  ])('of %s is opened by %s, without a shell', async (platform, command, args) => {
    const { started, launcher: system } = launcher(platform, 'spawn');
    await openBrowser('https://id.example/?a=1&b=$(id)', system);
    expect(started).toEqual([
      [command, [...args, 'https://id.example/?a=1&b=$(id)'], { stdio: 'ignore', detached: true }],
    ]);
  });

  test('opens nothing but the web, and says when there is none', async () => {
    const { started, launcher: system } = launcher('linux', 'error');
    await expect(openBrowser('file:///etc/passwd', system)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(started).toEqual([]);
    await expect(openBrowser('https://id.example', system)).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('deviceCode()'),
    });
  });
});

/** Asks for an address, with a name of one's own. */
async function ask(address: string, options: { host?: string; method?: string } = {}) {
  const url = new URL(address);
  const { host = url.host, method = 'GET' } = options;
  return new Promise<{ status: number; location: string; text: string }>((resolve, reject) => {
    const { hostname, port } = url;
    const path = url.pathname + url.search;
    request({ hostname, port, path, method, headers: { host } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, location: headers.location ?? '', text });
      });
    })
      .on('error', reject)
      .end();
  });
}

function desktop(options: LoopbackOptions = {}, more: { provider?: typeof provider } = {}) {
  const { promise, resolve } = Promise.withResolvers<URL>();
  const { fetch, sent } = fakeNetwork((_request, count) => tokens(count));
  const flow = loopback({ open: (url) => resolve(new URL(url)), ...options });
  const auth = createSignIn({ provider, flow, fetch, ...more });
  return { auth, sent, opened: promise };
}

describe('the listener', () => {
  test('takes one answer to its own sign-in, and nothing else', async () => {
    const { auth, opened, sent } = desktop({ path: '/back', texts: { done: 'Done & <well>.' } });
    const account = auth.signIn();
    const { searchParams } = await opened;
    const address = searchParams.get('redirect_uri') ?? '';
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/back$/);
    const state = searchParams.get('state');
    const answer = `${address}?code=c&state=${state}`;
    expect((await ask(`${address}?code=evil&state=other`)).status).toBe(404);
    expect((await ask(answer.replace('/back', '/other'))).status).toBe(404);
    expect((await ask(answer.replace('/back', '/signed-in'))).status).toBe(404);
    expect((await ask(answer, { method: 'POST' })).status).toBe(400);
    // A page whose name was made to point here.
    expect((await ask(answer, { host: 'evil.example' })).status).toBe(400);
    expect(sent).toEqual([]);
    const { status, location } = await ask(answer);
    expect([status, location]).toEqual([303, '/signed-in']);
    const { text } = await ask(new URL(location, address).href);
    expect(text).toContain('Done &#38; &#60;well&#62;.');
    expect(await account).toMatchObject({ id: 'default' });
    await expect(ask(address)).rejects.toThrow();
  });

  test('does not wait for a browser that is gone', async () => {
    const { auth, opened } = desktop();
    const account = auth.signIn();
    const { searchParams } = await opened;
    const answer = `${searchParams.get('redirect_uri')}?code=c&state=${searchParams.get('state')}`;
    await ask(answer);
    expect(await account).toMatchObject({ id: 'default' });
  });

  test('ends with its time, with the caller, and with a browser that does not open', async () => {
    const { auth } = desktop({ timeoutMs: 20 });
    await expect(auth.signIn()).rejects.toMatchObject({ code: 'timeout', retryable: false });
    const controller = new AbortController();
    const { auth: other, opened } = desktop();
    const waiting = other.signIn({ signal: controller.signal });
    const address = (await opened).searchParams.get('redirect_uri') ?? '';
    controller.abort('enough');
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await expect(ask(address)).rejects.toThrow();
    const own = new Error('no browser');
    const open = () => Promise.reject(own);
    await expect(desktop({ open }).auth.signIn()).rejects.toBe(own);
  });

  test('says when its port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const { auth } = desktop({ port });
    await expect(auth.signIn()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`port ${port}`),
    });
    taken.close();
  });

  test('stands at the port that the provider compares', async () => {
    const { auth, opened } = desktop({ timeoutMs: 5_000 }, { provider: dropbox({ appKey: 'k' }) });
    const controller = new AbortController();
    const waiting = auth.signIn({ signal: controller.signal });
    waiting.catch(() => undefined);
    const { searchParams } = await opened;
    expect(searchParams.get('redirect_uri')).toBe('http://127.0.0.1:48721/');
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  });

  test('is what a sign-in in Node uses', () => {
    expect(createSignIn({ provider }).provider.id).toBe('id.example');
  });
});
