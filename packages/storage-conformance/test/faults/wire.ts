import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../src/fault-proxy.ts';

/** A client that speaks bytes. */
export interface WireClient {
  readonly socket: Socket;
  send(text: string): void;
  /** Everything that came until now, once it holds the text. Rejects when that never comes. */
  until(text: string): Promise<string>;
  /** Everything that came, once the connection is over. */
  all(): Promise<string>;
  /** Whether the connection was reset. */
  wasReset(): boolean;
}

/** Starts a proxy before the server; both end with the test. */
async function proxyTo(server: Server): Promise<FaultProxy> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const proxy = await startFaultProxy({ target: `http://127.0.0.1:${port}` });
  onTestFinished(async () => {
    await proxy.stop();
    server.close();
  });
  return proxy;
}

/** A proxy before an HTTP server. */
export function proxyToHttp(listener: RequestListener): Promise<FaultProxy> {
  const server = createHttpServer({ keepAliveTimeout: 60_000 }, listener);
  onTestFinished(() => server.closeAllConnections());
  return proxyTo(server);
}

/** A proxy before a server that speaks bytes. */
export function proxyToWire(serve: (socket: Socket) => void): Promise<FaultProxy> {
  return proxyTo(
    createServer((socket) => {
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      serve(socket);
    }),
  );
}

/** Opens a connection to the proxy. */
export function wireClient({ url }: FaultProxy): WireClient {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let seen = '';
  let isReset = false;
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isClosed = true;
      resolve();
    });
  });
  socket.on('data', (bytes) => {
    seen += bytes.toString('latin1');
  });
  socket.on('error', () => {
    isReset = true;
  });
  return {
    socket,
    send: (text) => void socket.write(text, 'latin1'),
    async until(text) {
      while (!seen.includes(text)) {
        if (isClosed) throw new Error(`It ended before '${text}' came.`);
        await Promise.race([once(socket, 'data'), closed]);
      }
      return seen;
    },
    async all() {
      await closed;
      return seen;
    },
    wasReset: () => isReset,
  };
}

/** Waits until text has come over a connection. */
export async function received(socket: Socket, text: string): Promise<string> {
  let seen = '';
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    seen += bytes.toString('latin1');
    if (seen.includes(text)) break;
  }
  return seen;
}
