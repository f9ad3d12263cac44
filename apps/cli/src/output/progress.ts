import { formatBytes, formatRate, formatSpan } from './format.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';

/** What is drawn while objects are worked on. */
export interface Progress {
  /** There is one more object to work on. */
  expect(sizeBytes: number | undefined): void;
  /** All objects are known now, so the totals are true. */
  expectNoMore(): void;
  /** Begins one object; the result tells how far it is and when it ends. */
  begin(name: string, sizeBytes: number | undefined): ProgressItem;
  /** Stops drawing. */
  end(): void;
}

export interface ProgressItem {
  /** Units: bytes of this object so far. */
  update(doneBytes: number): void;
  /** It is over. Bytes that were counted on and did not have to move stay counted. */
  done(): void;
}

/** What a progress display needs of the world. */
export interface ProgressSettings {
  readonly output: Output;
  /** What is being done: `Copying`. */
  readonly verb: string;
  readonly now: () => number;
  /** Draws again and again; returns what stops it. Default: a timer. */
  readonly every?: (ms: number, draw: () => void) => () => void;
}

interface Running {
  readonly name: string;
  readonly size: number | undefined;
  bytes: number;
}

const REDRAW_MS = 100;
/** A rate is measured over this long, so that it follows the network and not the average of the run. */
const RATE_WINDOW_MS = 5_000;
const MAX_NAMES = 4;

/** Draws totals, rate, time left and current objects at the bottom of a terminal, or nothing elsewhere. */
export function trackProgress(settings: ProgressSettings): Progress {
  const { output, verb, now, every = timer } = settings;
  const running = new Set<Running>();
  const samples: { readonly at: number; readonly bytes: number }[] = [];
  const total = { objects: 0, bytes: 0, isKnown: false };
  const done = { objects: 0, bytes: 0 };

  const movedBytes = (): number => [...running].reduce((sum, item) => sum + item.bytes, done.bytes);

  function rate(): number {
    const at = now();
    samples.push({ at, bytes: movedBytes() });
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > RATE_WINDOW_MS) samples.shift();
    const first = samples[0] ?? { at, bytes: 0 };
    const ms = at - first.at;
    return ms <= 0 ? 0 : (movedBytes() - first.bytes) / ms;
  }

  function draw(): void {
    output.live.draw([headline(), ...[...running].slice(0, MAX_NAMES).map(itemLine)]);
  }

  function headline(): string {
    const bytesPerMs = rate();
    const more = total.isKnown ? '' : '+';
    const parts = [
      `${verb} ${done.objects.toLocaleString('en-US')} of ${total.objects.toLocaleString('en-US')}${more}`,
      `${formatBytes(movedBytes())} of ${formatBytes(total.bytes)}${more}`,
      formatRate(bytesPerMs * 1000, 1000),
    ];
    const leftBytes = total.bytes - movedBytes();
    if (total.isKnown && bytesPerMs > 0 && leftBytes > 0) {
      // Whole seconds: anything finer only flickers.
      const seconds = Math.ceil(leftBytes / bytesPerMs / 1000);
      parts.push(`${seconds < 60 ? `${seconds} s` : formatSpan(seconds * 1000)} left`);
    }
    return output.paintNote('bold', parts.join(' · '));
  }

  function itemLine({ name, size, bytes }: Running): string {
    const share = size === undefined || size === 0 ? '' : `${Math.floor((bytes * 100) / size)}%`;
    return output.paintNote('dim', `  ${share.padStart(4)}  ${printable(name)}`);
  }

  const stop = output.isLive ? every(REDRAW_MS, draw) : () => {};
  return {
    expect(sizeBytes) {
      total.objects += 1;
      total.bytes += sizeBytes ?? 0;
    },
    expectNoMore() {
      total.isKnown = true;
    },
    begin(name, size) {
      const item: Running = { name, size, bytes: 0 };
      running.add(item);
      return {
        update(bytes) {
          item.bytes = bytes;
        },
        done() {
          running.delete(item);
          done.objects += 1;
          done.bytes += size ?? item.bytes;
        },
      };
    },
    end() {
      stop();
      if (output.isLive) output.live.clear();
    },
  };
}

function timer(ms: number, draw: () => void): () => void {
  const handle = setInterval(draw, ms);
  return () => clearInterval(handle);
}
