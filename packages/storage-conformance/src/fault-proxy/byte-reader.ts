import type { Socket } from 'node:net';

const MOST_WAITING_BYTES = 65_536;

/** Reads a connection piece by piece, as fast as it is asked. */
export interface ByteReader {
  /** The next bytes, or undefined when no more come. */
  read(): Promise<Buffer | undefined>;
  /** Gives bytes back, to be read next. */
  unread(bytes: Buffer): void;
  /** Whether the connection broke, where it did not end. */
  isBroken(): boolean;
  /** Resolves when the other side has ended or broken the connection, read or not. */
  readonly left: Promise<void>;
}

export function byteReader(socket: Socket): ByteReader {
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isOver = false;
  let broken = false;
  let wake: () => void = () => undefined;
  const { promise: left, resolve: leave } = Promise.withResolvers<void>();

  const end = () => {
    isOver = true;
    leave();
    wake();
  };
  socket.on('data', (bytes: Buffer) => {
    waiting.push(bytes);
    waitingBytes += bytes.length;
    if (waitingBytes >= MOST_WAITING_BYTES) socket.pause();
    wake();
  });
  socket.on('end', end);
  socket.on('close', end);
  socket.on('error', () => {
    broken = true;
  });

  return {
    async read() {
      while (waiting.length === 0 && !isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const bytes = waiting.shift();
      waitingBytes -= bytes?.length ?? 0;
      if (waitingBytes < MOST_WAITING_BYTES) socket.resume();
      return bytes;
    },
    unread(bytes) {
      if (bytes.length === 0) return;
      waiting.unshift(bytes);
      waitingBytes += bytes.length;
    },
    isBroken: () => broken,
    left,
  };
}

/** Writes as fast as the other side reads. Returns whether it could. */
export async function send(socket: Socket, bytes: Buffer): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return false;
  if (!socket.write(bytes)) {
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      socket.on('drain', done);
      socket.on('close', done);
    });
  }
  return !socket.destroyed;
}
