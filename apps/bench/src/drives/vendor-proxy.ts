import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { DriveFront } from './drive-front.ts';
import type { Certificate } from './make-certificate.ts';

/** A proxy through which a program that knows the vendor's hosts alone reaches a fake. */
export interface VendorProxy {
  /** For `HTTPS_PROXY`. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a proxy at 127.0.0.1. It takes connections (`CONNECT`) to the hosts of a vendor on port 443,
 * speaks TLS in their name by a certificate for them alone, and hands requests to the front. Every
 * other host is refused with 403 and the reason: nothing leaves this machine.
 */
export async function startVendorProxy(
  front: DriveFront,
  hosts: readonly string[],
  { certificate, key }: Certificate,
): Promise<VendorProxy> {
  const sockets = new Set<Socket>();
  const inside = createHttpsServer({ cert: certificate, key }, (incoming, response) => {
    const host = incoming.headers.host ?? '';
    if (hosts.includes(host)) front.answer(incoming, response, host);
    else response.writeHead(421).end();
  });
  const proxy: Server = createHttpServer(({ url = '' }, response) => {
    response.writeHead(403).end(refusal(url));
  });
  proxy.on('connect', ({ url = '' }, socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    if (!hosts.some((host) => url === `${host}:443`)) {
      socket.end(`HTTP/1.1 403 Forbidden\r\n\r\n${refusal(url)}`);
      return;
    }
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    inside.emit('connection', socket);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

function refusal(target: string): string {
  return `This proxy of the benchmark reaches fakes on this machine only, and not ${target}.\n`;
}
