/** Where text and bytes go: a terminal, a pipe or a file. */
export interface Sink {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** False once nobody reads it anymore. */
  readonly writable: boolean;
  write(chunk: string | Uint8Array): boolean;
  once(event: SinkEvent, listener: () => void): unknown;
  off(event: SinkEvent, listener: () => void): unknown;
}

type SinkEvent = 'drain' | 'close' | 'error';

/** Where input comes from. */
export interface Source extends AsyncIterable<unknown> {
  readonly isTTY?: boolean | undefined;
}

/** What the program can see of the process that it runs in. Tests pass their own. */
export interface Host {
  readonly stdin: Source;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  readonly pid: number;
  /** Aborted when the user interrupts; its reason is an {@link Interruption}. */
  readonly signal: AbortSignal;
  /** Units: ms since 1970. */
  readonly now: () => number;
}

/** What ended the program early. `SIGPIPE`: nobody reads its output anymore. */
export type Interruption = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE';

const INTERRUPTIONS: readonly Interruption[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'];

/** Returns what aborted the host's signal. */
export function interruptionOf({ reason }: AbortSignal): Interruption {
  return INTERRUPTIONS.find((name) => name === reason) ?? 'SIGINT';
}

/** Writes all of it, waiting where the reader is slow. Fails when the reader is gone. */
export async function writeTo(sink: Sink, chunk: string | Uint8Array): Promise<void> {
  if (!sink.writable) throw new Error('nobody reads the output anymore.');
  if (chunk.length === 0 || sink.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const events = ['drain', 'close', 'error'] as const;
    const goOn = (): void => {
      for (const event of events) sink.off(event, goOn);
      resolve();
    };
    for (const event of events) sink.once(event, goOn);
  });
}
