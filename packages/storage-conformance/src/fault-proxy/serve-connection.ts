import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type BodyFraming, replyFraming, requestFraming } from './body-framing.ts';
import { type ByteReader, byteReader, send } from './byte-reader.ts';
import type { FaultedRequest, ProxyFault } from './faults.ts';
import { type Gate, gateAt, openGate, type Write } from './gate.ts';
import { lists, type MessageHead, readHead, withField } from './message-head.ts';
import { ownReply } from './own-reply.ts';

/** One side of the proxy. */
interface Side {
  readonly socket: Socket;
  readonly reader: ByteReader;
}

/** What a connection needs to know of the proxy. */
export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** Counts the request and says what goes wrong with it. */
  choose(request: FaultedRequest): ProxyFault | undefined;
  /** Counts a request as active while it is served. */
  during(serve: () => Promise<boolean>): Promise<boolean>;
  /** Keeps a connection to the server, so that the proxy can end it. */
  hold(socket: Socket): void;
}

const CUT = async () => false;
const NOWHERE: Write = async () => true;

/** Serves one client, request after request, over one connection to the server. */
export async function serveConnection(socket: Socket, options: ConnectionOptions): Promise<void> {
  const client: Side = { socket, reader: byteReader(socket) };
  let server: Side | undefined;
  let isIdle = true;
  let hasServerLeft = false;

  function serverSide(): Side {
    if (server !== undefined) return server;
    const { host, port } = options;
    const connection = connect({ host, port, noDelay: true });
    options.hold(connection);
    const side = { socket: connection, reader: byteReader(connection) };
    void side.reader.left.then(() => {
      hasServerLeft = true;
      if (isIdle) socket.destroySoon();
    });
    server = side;
    return side;
  }
  void client.reader.left.then(() => {
    server?.socket.destroy();
    socket.destroy();
  });

  /** Returns whether another request may follow. */
  async function serveRequest(head: MessageHead): Promise<boolean> {
    const [method = '', path = ''] = head.firstLine.split(' ');
    const fault = options.choose({ method, path });
    const isLast = lists(head, 'connection', 'close') || head.firstLine.endsWith('/1.0');
    const staysOpen = !isLast && head.field('expect') === undefined;
    const own = ownReply(fault, { method, staysOpen });
    if (own !== undefined) {
      // Who asks first whether to send the body has its answer.
      if (staysOpen) await pump(client.reader, requestFraming(head), openGate(NOWHERE));
      await send(socket, own);
      return staysOpen;
    }
    if (fault?.kind === 'refuse') {
      socket.resetAndDestroy();
      return false;
    }
    const goesOn = await exchange(client, serverSide(), { method, head, fault });
    return goesOn && !isLast && !hasServerLeft;
  }

  for (;;) {
    isIdle = true;
    const head = await readHead(client.reader);
    if (head === undefined) break;
    isIdle = false;
    const goesOn = await options.during(() => serveRequest(head));
    if (!goesOn) break;
  }
  socket.destroySoon();
  server?.socket.destroy();
}

interface Exchange {
  readonly method: string;
  readonly head: MessageHead;
  readonly fault: ProxyFault | undefined;
}

/** Takes one request to the server and its reply back. Returns whether another one may follow. */
async function exchange(client: Side, server: Side, about: Exchange): Promise<boolean> {
  const isSent = sendRequest(client, server, about);
  return (await takeReply(client, server, about)) && isSent;
}

async function sendRequest(
  client: Side,
  server: Side,
  { head, fault }: Exchange,
): Promise<boolean> {
  const framing = requestFraming(head);
  const write: Write = (bytes) => send(server.socket, bytes);
  const isCut = fault?.kind === 'cut-request';
  const gate = isCut ? gateAt(fault.afterBytes, write, CUT) : openGate(write);
  const passes = await forward(client.reader, head.raw, framing, write, gate);
  if (!passes && isCut) {
    // What was sent arrives: a reset at once would take it back.
    server.socket.destroySoon();
    await server.reader.left;
    client.socket.resetAndDestroy();
  }
  return passes;
}

async function takeReply(
  client: Side,
  server: Side,
  { method, fault }: Exchange,
): Promise<boolean> {
  const isLost = fault?.kind === 'lose-reply';
  const write: Write = isLost ? NOWHERE : (bytes) => send(client.socket, bytes);
  for (;;) {
    const head = await readHead(server.reader);
    if (head === undefined) {
      client.socket.resetAndDestroy();
      return false;
    }
    const status = Number(head.firstLine.split(' ')[1]);
    if (status < 200) {
      // Also when the reply will be lost: a client may wait for it before it sends the body.
      if (!(await send(client.socket, head.raw))) return false;
      continue;
    }
    const framing = replyFraming(method, status, head);
    const gate = replyGate(client, framing, write, fault);
    const raw = fault?.kind === 'wrong-length' ? wrongHead(head, framing, fault.by) : head.raw;
    if (fault?.kind === 'stall' && fault.where === 'before') await pause(client, fault.ms);
    const isWhole = await forward(server.reader, raw, framing, write, gate);
    if (isLost || (server.reader.isBroken() && !isWhole)) client.socket.resetAndDestroy();
    const isLast = lists(head, 'connection', 'close') || framing.kind === 'until-close';
    return isWhole && !isLast && fault?.kind !== 'wrong-length';
  }
}

/** The gate of a reply's body under a fault. */
function replyGate(
  client: Side,
  { kind, length }: BodyFraming,
  write: Write,
  fault: ProxyFault | undefined,
): Gate {
  if (fault?.kind === 'cut-response') return gateAt(fault.afterBytes, write, CUT);
  if (fault?.kind === 'wrong-length' && kind === 'chunked') {
    return gateAt(Number.POSITIVE_INFINITY, write, CUT);
  }
  if (fault?.kind === 'stall' && fault.where === 'body') {
    const middle = Math.floor((length ?? 2) / 2);
    return gateAt(middle, write, () => pause(client, fault.ms));
  }
  return openGate(write);
}

function wrongHead(head: MessageHead, { kind, length = 0 }: BodyFraming, by: number): Buffer {
  if (kind !== 'length') return head.raw;
  return withField(head, 'content-length', String(Math.max(0, length + by)));
}

/** Waits, or for good until the client leaves. Returns whether to go on. */
async function pause(client: Side, ms: number | undefined): Promise<boolean> {
  const left = client.reader.left.then(() => false);
  if (ms === undefined) return left;
  const timer = new AbortController();
  const time = delay(ms, true, { signal: timer.signal, ref: false }).catch(() => false);
  const goesOn = await Promise.race([left, time]);
  timer.abort();
  return goesOn;
}

/** Passes a message on. Returns whether all of it went. */
async function forward(
  from: ByteReader,
  head: Buffer,
  framing: BodyFraming,
  write: Write,
  gate: Gate,
): Promise<boolean> {
  if (framing.kind === 'none') return (await gate.end()) && write(head);
  return (await write(head)) && pump(from, framing, gate);
}

/** Passes a body on. Returns whether it came whole and went whole. */
async function pump(from: ByteReader, framing: BodyFraming, gate: Gate): Promise<boolean> {
  while (!framing.isDone()) {
    const bytes = await from.read();
    if (bytes === undefined) {
      return framing.kind === 'until-close' && !from.isBroken() && gate.end();
    }
    const taken = framing.take(bytes);
    from.unread(bytes.subarray(taken));
    if (!(await gate.write(bytes.subarray(0, taken)))) return false;
  }
  return gate.end();
}
