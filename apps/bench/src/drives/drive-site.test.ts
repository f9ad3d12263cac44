import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request as plainRequest } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { type DriveSite, openDriveSite } from './drive-site.ts';

const HOST = 'api.vendor.test';

/** A site before a server that answers what it was asked, in JSON. */
async function open(): Promise<{ site: DriveSite; fakeUrl: string; folder: string }> {
  let count = 0;
  const server = createServer(async (incoming, response) => {
    count += 1;
    const { method, url = '', headers } = incoming;
    const body = await text(incoming);
    if (url === '/away') response.setHeader('location', `http://${headers.host}/there`);
    if (url === '/empty') {
      response.writeHead(204).end();
      return;
    }
    response.setHeader('content-type', url === '/content' ? 'text/plain' : 'application/json');
    const self = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const told = { host: headers.host, mark: headers['x-mark'], secret: headers['x-secret'] };
    response.end(JSON.stringify({ method, url, body, ...told, self }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fakeUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = await mkdtemp(join(tmpdir(), 'granary-site-'));
  const site = await openDriveSite({
    fake: {
      url: fakeUrl,
      requests: () => count,
      async stop() {
        server.closeAllConnections();
        server.close();
      },
    },
    token: 'a-token',
    driveId: 'a-drive',
    folder,
    vendor: {
      hosts: { [HOST]: { 'x-mark': 'api', 'x-secret': undefined } },
      rename: (words) => words.replaceAll(`http://${HOST}`, `https://${HOST}`),
      amend: (path, words) => (path === '/amended' ? words.replace('one', 'two') : words),
      methodOf: (method, url) => (url === '/amended' ? 'PUT' : method),
    },
  });
  onTestFinished(async () => {
    await site.stop();
    await rm(folder, { recursive: true });
  });
  return { site, fakeUrl, folder };
}

/** Opens a connection through the proxy. */
async function connect(proxyUrl: string, target: string): Promise<[number, Socket, Buffer]> {
  const { hostname, port } = new URL(proxyUrl);
  const asked = plainRequest({ hostname, port, method: 'CONNECT', path: target });
  asked.end();
  const [answer, socket, head] = await once(asked, 'connect');
  return [answer.statusCode, socket, head];
}

test('writes down what it passes on', async () => {
  const { site } = await open();
  const answer = await fetch(`${site.url}/a/b?c=d`, { method: 'POST', body: 'one' });
  expect(await answer.json()).toMatchObject({ method: 'POST', url: '/a/b?c=d', body: 'one' });
  expect(site.log()).toEqual([
    { method: 'POST', host: new URL(site.url).host, path: '/a/b', parts: 1 },
  ]);
});

test('puts its own address in the place of the fake in JSON, and leaves content alone', async () => {
  const { site, fakeUrl } = await open();
  expect(await (await fetch(`${site.url}/json`)).json()).toHaveProperty('self', site.url);
  expect(await (await fetch(`${site.url}/content`)).text()).toContain(fakeUrl);
});

test('passes on an answer without content', async () => {
  const { site } = await open();
  expect((await fetch(`${site.url}/empty`)).status).toBe(204);
});

test('sends what is meant for the vendor to the fake, with the headers of the host', async () => {
  const { site } = await open();
  const answer = await site.fetch(`https://${HOST}/x`, { headers: { 'x-secret': 's' } });
  expect(await answer.json()).toMatchObject({ url: '/x', mark: 'api' });
  expect(await (await site.fetch(new Request(`${site.url}/y`))).json()).not.toHaveProperty('mark');
});

test('refuses to count when a request went past', async () => {
  const { site, fakeUrl } = await open();
  await (await fetch(fakeUrl)).text();
  expect(() => site.log()).toThrow('1 requests came to the fake, of which 0 were counted.');
});

test('makes requests take longer when told so', async () => {
  const { site } = await open();
  site.setDelay(30);
  const startedAt = performance.now();
  await (await fetch(site.url)).text();
  expect(performance.now() - startedAt).toBeGreaterThan(28);
});

test('speaks TLS in the name of the vendor, and amends and renames there', async () => {
  const { site } = await open();
  const { proxyUrl, certificateFile } = await site.proxy();
  expect((await site.proxy()).proxyUrl).toBe(proxyUrl);
  const [status, socket] = await connect(proxyUrl, `${HOST}:443`);
  expect(status).toBe(200);
  const ca = await readFile(certificateFile);
  const ask = async (path: string, over: Socket, host = HOST, status = 200) => {
    const headers = { host, 'content-type': 'application/json', 'x-secret': 's' };
    const secured = connectTls({ socket: over, ca, servername: HOST });
    const sent = plainRequest({
      ...{ host: HOST, path, method: 'POST', headers },
      createConnection: () => secured,
    });
    sent.end('{"a":"one"}');
    const [answer] = await once(sent, 'response');
    expect(answer.statusCode).toBe(status);
    const body = await text(answer);
    return { headers: answer.headers, body: body === '' ? undefined : JSON.parse(body) };
  };
  expect((await ask('/amended', socket)).body).toMatchObject({
    method: 'PUT',
    body: '{"a":"two"}',
    host: HOST,
    mark: 'api',
  });
  const [, second] = await connect(proxyUrl, `${HOST}:443`);
  const away = await ask('/away', second);
  expect(away.headers.location).toBe(`https://${HOST}/there`);
  expect(away.body).not.toHaveProperty('secret');
  const [, third] = await connect(proxyUrl, `${HOST}:443`);
  await ask('/', third, 'www.example.org', 421);
  expect(site.log().map(({ host }) => host)).toEqual([HOST, HOST]);
});

test('refuses every other host, and says so', async () => {
  const { site } = await open();
  const { proxyUrl } = await site.proxy();
  for (const target of ['www.example.org:443', `${HOST}:80`]) {
    const [status, , head] = await connect(proxyUrl, target);
    expect(status).toBe(403);
    expect(head.toString()).toContain(`and not ${target}`);
  }
  const { hostname, port } = new URL(proxyUrl);
  const plain = plainRequest({ hostname, port, path: 'http://www.example.org/' }).end();
  const [answer] = await once(plain, 'response');
  expect(answer.statusCode).toBe(403);
  expect(site.log()).toEqual([]);
});
