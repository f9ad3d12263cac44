import { type Host, type Sink, writeTo } from '../host.ts';
import { errorLines } from './error-report.ts';
import { type LiveRegion, liveRegion } from './live-region.ts';
import { type Paint, paintFor } from './style.ts';

/** How much is said and in which form. */
export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  readonly color: boolean;
}

/** One line of `--json`: `type` says what it is. */
export interface JsonRecord {
  readonly type: string;
  readonly [name: string]: unknown;
}

/** Everything that a command says. Results go to stdout, all else to stderr. */
export interface Output {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** Whether stderr is a terminal that may be drawn on. */
  readonly isLive: boolean;
  /** For text on stdout. */
  readonly paint: Paint;
  /** For text on stderr. */
  readonly paintNote: Paint;
  /** A result: the record with `--json`, else the lines. */
  result(record: JsonRecord, ...lines: readonly string[]): Promise<void>;
  /** Text that has no JSON form of its own; nothing with `--json`. */
  text(...lines: readonly string[]): Promise<void>;
  /** Bytes as they are. */
  bytes(chunk: Uint8Array): Promise<void>;
  /** Something to know; nothing with `--quiet`. */
  note(...lines: readonly string[]): Promise<void>;
  /** An error, in the one form that all of them have. */
  error(error: unknown): Promise<void>;
  /** Lines at the bottom of the terminal that are drawn over. */
  readonly live: LiveRegion;
}

export function makeOutput(host: Host, options: OutputOptions): Output {
  const { json, quiet, debug, color } = options;
  const { stdout, stderr, env } = host;
  const paint = paintFor(stdout, env, color);
  const paintNote = paintFor(stderr, env, color);
  const live = liveRegion(stderr);

  const write = async (sink: Sink, lines: readonly string[]): Promise<void> => {
    if (lines.length === 0) return;
    live.clear();
    await writeTo(sink, `${lines.join('\n')}\n`);
  };

  return {
    isJson: json,
    isQuiet: quiet,
    isLive: stderr.isTTY === true && !quiet && !json && env['TERM'] !== 'dumb',
    paint,
    paintNote,
    live,
    result: (record, ...lines) => write(stdout, json ? [JSON.stringify(record)] : lines),
    text: (...lines) => write(stdout, json ? [] : lines),
    bytes: (chunk) => writeTo(stdout, chunk),
    note: (...lines) => write(stderr, quiet ? [] : lines),
    error: (error) => write(stderr, errorLines(error, paintNote, debug)),
  };
}
