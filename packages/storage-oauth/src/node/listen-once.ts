import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StorageError } from '@granary/storage-core';
import { type AnswerTexts, answerPage, PAGE_HEADERS } from './answer-page.ts';

/** Where the answer is waited for. */
export interface ListenerSettings {
  /** The name in the address; only this machine can reach it. */
  readonly host: '127.0.0.1' | 'localhost';
  /** 0: any that is free. */
  readonly port: number;
  readonly path: string;
  readonly texts: AnswerTexts;
}

/** A listener on this machine for one answer. */
export interface Listener extends AsyncDisposable {
  /** The redirect address. */
  readonly address: string;
  /** The first answer with this state. Others are refused and change nothing. */
  answer(state: string, signal: AbortSignal): Promise<URLSearchParams>;
  /** Shows the person how it went, waits shortly until the browser has it, and closes. */
  show(isDone: boolean): Promise<void>;
}

/** How long a browser has to fetch the last page. Units: ms. */
const SHOW_MS = 2_000;
const DONE_PATH = '/signed-in';
const FAILED_PATH = '/not-signed-in';

/** Opens the listener. Errors: `unavailable` when the port is taken. */
export async function listenOnce(settings: ListenerSettings): Promise<Listener> {
  const { host, port, path, texts } = settings;
  const { promise: shown, resolve: seen } = Promise.withResolvers<void>();
  let waiting: { readonly state: string; take(query: URLSearchParams): void } | undefined;
  let held: ServerResponse | undefined;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const url = URL.parse(request.url ?? '/', 'http://127.0.0.1');
    // Another name than ours is a page that has had its name point to this machine.
    const isOurs = request.method === 'GET' && request.headers.host === name;
    const isLast = url?.pathname === DONE_PATH || url?.pathname === FAILED_PATH;
    if (isOurs && isLast && held !== undefined) {
      response.writeHead(200, PAGE_HEADERS);
      response.end(answerPage(url.pathname === DONE_PATH, texts), seen);
    } else if (isOurs && held === undefined && isAnswer(url)) {
      // The page is shown when the code has been exchanged, at an address without it.
      held = response;
      waiting?.take(url.searchParams);
    } else {
      response.writeHead(isOurs ? 404 : 400, PAGE_HEADERS).end();
    }
  }

  function isAnswer(url: URL | null): url is URL {
    if (url === null || url.pathname !== path || waiting === undefined) return false;
    return url.searchParams.get('state') === waiting.state;
  }

  const first = await listen(handle, '127.0.0.1', port);
  const servers = [first];
  const { port: bound } = first.address() as AddressInfo;
  const name = `${host}:${bound}`;
  // Where the address says localhost, browsers may try ::1 first: nobody else shall answer there.
  if (host === 'localhost') {
    const other = await listen(handle, '::1', bound).catch(() => undefined);
    if (other !== undefined) servers.push(other);
  }
  async function close(): Promise<void> {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  return {
    address: `http://${name}${path}`,

    answer: (state, signal) =>
      new Promise((resolve, reject) => {
        waiting = { state, take: resolve };
        const stop = (): void => reject(signal.reason);
        if (signal.aborted) stop();
        signal.addEventListener('abort', stop, { once: true });
      }),

    async show(isDone) {
      const location = isDone ? DONE_PATH : FAILED_PATH;
      held?.writeHead(303, { ...PAGE_HEADERS, location }).end();
      const limit = new Promise<void>((resolve) => setTimeout(resolve, SHOW_MS).unref());
      await Promise.race([shown, limit]);
    },

    [Symbol.asyncDispose]: close,
  };
}

async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  address: string,
  port: number,
): Promise<Server> {
  const server = createServer(handle);
  try {
    server.listen({ host: address, port, exclusive: true });
    await once(server, 'listening');
    return server;
  } catch {
    throw new StorageError('unavailable', `port ${port} of this machine is taken.`, {
      operation: 'signIn',
      outcome: 'not-applied',
      retryable: false,
      hint: 'Close what uses it, or give loopback({ port }) another one that is registered.',
    });
  }
}
