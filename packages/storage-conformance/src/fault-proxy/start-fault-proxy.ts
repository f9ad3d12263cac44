import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { ProxyFault } from './faults.ts';
import { serveConnection } from './serve-connection.ts';

/** Options of {@link startFaultProxy}. */
export interface FaultProxyOptions {
  /** The server, such as `http://127.0.0.1:9000`: plain http, without a path. */
  readonly target: string;
}

/** A proxy that makes trouble when it is told to. */
export interface FaultProxy extends AsyncDisposable {
  /** Where clients go instead of the target. */
  readonly url: string;
  /** What goes wrong from now on; `undefined` ends it. Requests under way are not touched. */
  set(fault: ProxyFault | undefined): void;
  /** Requests seen so far, those that a fault has hit among them. */
  requests(): number;
  /** Requests that the fault set last has hit. */
  hits(): number;
  /** Requests whose client is there and waits for the end of the reply. */
  activeRequests(): number;
  /** Connections that clients have open now, idle ones among them. */
  openConnections(): number;
  /** Ends every connection and stops listening. */
  stop(): Promise<void>;
}

/**
 * Starts a proxy for HTTP/1.1 on a free port of 127.0.0.1. Without a fault it passes every byte as it
 * came, in both directions and in constant memory: headers in their order and case, `Host` among them
 * (so signatures hold), lengths and chunks, `100-continue`, early answers. A connection of a client
 * has one connection to the server, and ends with it. No upgrades, no HTTP/2.
 */
export async function startFaultProxy({ target }: FaultProxyOptions): Promise<FaultProxy> {
  const { protocol, hostname, port, pathname } = new URL(target);
  if (protocol !== 'http:' || pathname !== '/') {
    throw new Error(`The target is '${target}'; it is http:// with host and port, without a path.`);
  }
  const clients = new Set<Socket>();
  const sockets = new Set<Socket>();
  let fault: ProxyFault | undefined;
  let requests = 0;
  let hits = 0;
  let active = 0;

  const hold = (socket: Socket) => {
    sockets.add(socket);
    // A connection that breaks is closed; nobody has to be told.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      clients.delete(socket);
    });
  };
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    clients.add(socket);
    hold(socket);
    void serveConnection(socket, {
      host: hostname,
      port: Number(port || 80),
      hold,
      choose(request) {
        requests += 1;
        if (fault === undefined || fault.match?.(request) === false) return undefined;
        if (hits >= (fault.times ?? Number.POSITIVE_INFINITY)) return undefined;
        hits += 1;
        return fault;
      },
      async during(serve) {
        active += 1;
        const goesOn = await serve();
        active -= 1;
        return goesOn;
      },
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;

  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    set(next) {
      fault = next;
      hits = 0;
    },
    requests: () => requests,
    hits: () => hits,
    activeRequests: () => active,
    openConnections: () => clients.size,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
