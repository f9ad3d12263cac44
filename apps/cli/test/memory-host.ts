import { EventEmitter } from 'node:events';
import type { Host, Sink, Source } from '../src/host.ts';

interface SinkSettings {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Takes no more before `drain` is called. */
  readonly isSlow?: boolean;
  readonly isClosed?: boolean;
}

/** A sink that keeps what is written to it. */
export function memorySink(settings: SinkSettings = {}): {
  readonly sink: Sink;
  text(): string;
  drain(): void;
} {
  const events = new EventEmitter();
  const chunks: Buffer[] = [];
  const sink: Sink = {
    isTTY: settings.isTTY ?? false,
    columns: settings.columns ?? 80,
    writable: settings.isClosed !== true,
    write(chunk) {
      chunks.push(Buffer.from(chunk));
      return settings.isSlow !== true;
    },
    once: (event, listener) => events.once(event, listener),
    off: (event, listener) => events.off(event, listener),
  };
  return {
    sink,
    text: () => Buffer.concat(chunks).toString(),
    drain: () => events.emit('drain'),
  };
}

export interface HostSettings extends Partial<Host> {
  /** Both outputs and the input are a terminal. */
  readonly isTTY?: boolean;
  readonly input?: string;
}

/** A host without a process: its outputs are kept, its clock is the machine's. */
export function memoryHost(settings: HostSettings = {}): Host & { out(): string; err(): string } {
  const { isTTY = false, input = '', ...rest } = settings;
  const stdout = memorySink({ isTTY });
  const stderr = memorySink({ isTTY });
  async function* read(): AsyncGenerator<Uint8Array> {
    if (input !== '') yield new TextEncoder().encode(input);
  }
  const stdin: Source = { isTTY, [Symbol.asyncIterator]: read };
  return {
    stdin,
    stdout: stdout.sink,
    stderr: stderr.sink,
    env: {},
    cwd: process.cwd(),
    platform: process.platform,
    pid: process.pid,
    signal: new AbortController().signal,
    now: Date.now,
    ...rest,
    out: stdout.text,
    err: stderr.text,
  };
}
