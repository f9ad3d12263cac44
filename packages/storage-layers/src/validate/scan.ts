import { isStorageError, StorageError } from '@granary/storage-core/provider';
import type { ContentCheck } from './content-check.ts';
import { type NamedRule, refused } from './rules.ts';

/** What a scanner is told of the content. */
export interface ScanContext {
  readonly key: string;
  /** As declared, by the caller or by the key's extension. */
  readonly contentType?: string;
  /** Units: bytes. Absent when it is not known before the content has been read. */
  readonly size?: number;
  /** Aborted when nobody waits for the verdict any more. */
  readonly signal: AbortSignal;
}

/** What a scanner says of content. */
export interface ScanResult {
  readonly verdict: 'clean' | 'infected';
  /** What the scanner calls the malware. */
  readonly signature?: string;
}

/**
 * Looks for malware in content. It may answer before it has read all. When it rejects, nothing is
 * stored: with a `StorageError` as it is, with anything else as `unavailable`.
 */
export interface ContentScanner {
  /**
   * Content encodings that it decodes itself, such as `gzip`. Content that is stored under another
   * `contentEncoding` is refused, since what it holds would not be seen. Default: none.
   */
  readonly encodings?: readonly string[];
  scan(content: ReadableStream<Uint8Array>, context: ScanContext): Promise<ScanResult>;
}

/** A scan that is fed piece by piece. The scanner gets copies, and sets the pace. */
export function scanCheck(
  named: NamedRule,
  scanner: ContentScanner,
  context: Omit<ScanContext, 'signal'>,
): ContentCheck {
  const controller = new AbortController();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  let failure: StorageError | undefined;
  let isSettled = false;
  const settled = Promise.resolve()
    .then(() => scanner.scan(readable, { ...context, signal: controller.signal }))
    .then(
      (result) => {
        failure = problemOf(named, result);
      },
      (error: unknown) => {
        failure = scanFailure(error);
      },
    )
    .then(() => {
      isSettled = true;
      writer.abort().catch(() => {});
    });

  return {
    async push(chunk) {
      if (!isSettled) await Promise.race([writer.write(chunk.slice()).catch(() => {}), settled]);
      if (failure !== undefined) throw failure;
    },
    async finish() {
      writer.close().catch(() => {});
      await settled;
      if (failure !== undefined) throw failure;
    },
    stop(reason) {
      controller.abort(reason);
      writer.abort(reason).catch(() => {});
    },
  };
}

/** Only a verdict that says so is clean. */
function problemOf(named: NamedRule, result: ScanResult | undefined): StorageError | undefined {
  if (result?.verdict === 'clean') return undefined;
  if (result?.verdict !== 'infected') return scanFailure(new TypeError('there is no verdict'));
  const { signature } = result;
  return refused(
    named,
    { check: 'scanner', ...(signature !== undefined && { signature }) },
    signature === undefined
      ? 'the scanner found malware in it'
      : `the scanner found ${JSON.stringify(signature)} in it`,
    { hint: 'Do not open it; look at where it came from.' },
  );
}

function scanFailure(error: unknown): StorageError {
  if (isStorageError(error)) return error.with({ outcome: 'not-applied' });
  return new StorageError(
    'unavailable',
    'the malware scanner gave no verdict, so nothing is stored.',
    {
      outcome: 'not-applied',
      hint: 'See the cause; try again when the scanner is there.',
      cause: error,
    },
  );
}
