import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DriveCall, partsOf } from './drive-log.ts';
import type { VendorNames } from './vendor-names.ts';

/** What stands before a fake: it writes down every request, and can make each take longer. */
export interface DriveFront {
  /** Address that stands for the fake's. */
  readonly url: string;
  /** Requests so far. */
  readonly log: readonly DriveCall[];
  /** How long each request takes from now on, besides what it takes. Units: ms. */
  setDelay(ms: number): void;
  /** Answers a request that came for a host of the vendor, in whose name answers then speak. */
  answer(incoming: IncomingMessage, response: ServerResponse, host: string): void;
  stop(): Promise<void>;
}

/** Headers that belong to one connection. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'content-length'];

/** Starts it at 127.0.0.1, before the fake at `target`. */
export async function startDriveFront(target: string, vendor: VendorNames): Promise<DriveFront> {
  const log: DriveCall[] = [];
  let delayMs = 0;
  let url = '';

  async function pass(
    incoming: IncomingMessage,
    response: ServerResponse,
    host?: string,
  ): Promise<void> {
    const { method = '', url: path = '', headers } = incoming;
    const [pathname = ''] = path.split('?');
    const came = await bytesOf(incoming);
    const isAmended = host !== undefined && isJson(headers);
    const body = isAmended ? Buffer.from(vendor.amend(pathname, came.toString())) : came;
    const called = host ?? headers.host ?? '';
    log.push({ method, host: called, path: pathname, parts: partsOf(pathname, body) });
    if (delayMs > 0) await sleep(delayMs);
    const sent = request(new URL(path, target), {
      method: host === undefined ? method : vendor.methodOf(method, path),
      // A connection that is kept may be closed by the fake just as it is used.
      agent: false,
      headers: present({
        ...without(headers, HOP_BY_HOP),
        host: called,
        ...(host !== undefined && vendor.hosts[host]),
        ...((body.length > 0 || headers['content-length'] !== undefined) && {
          'content-length': body.length,
        }),
      }),
    });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const content = await bytesOf(answer);
    const named = (text: string) => {
      const here = text.replaceAll(target, url);
      return host === undefined ? here : vendor.rename(here);
    };
    const shown = isJson(answer.headers) ? Buffer.from(named(content.toString())) : content;
    const { location } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, {
      ...without(answer.headers, HOP_BY_HOP),
      ...(location !== undefined && { location: named(location) }),
      ...(answer.statusCode !== 204 && { 'content-length': shown.length }),
    });
    response.end(shown);
  }

  function answer(incoming: IncomingMessage, response: ServerResponse, host?: string): void {
    pass(incoming, response, host).catch(() => response.destroy());
  }

  const server = createServer((incoming, response) => answer(incoming, response));
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    log,
    setDelay(ms) {
      delayMs = ms;
    },
    answer,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function isJson(headers: IncomingMessage['headers']): boolean {
  return headers['content-type']?.startsWith('application/json') ?? false;
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function present(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}

function without(
  headers: IncomingMessage['headers'],
  names: readonly string[],
): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}
