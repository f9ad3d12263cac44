import {
  type CompleteOptions,
  type ObjectInfo,
  StorageError,
  sha256,
  type UploadSession,
} from '@granary/storage-core/provider';
import { type ContentCheck, pushBytes } from './content-check.ts';
import { checkLeast, checkMost, type KeyRules } from './rules.ts';

/** What is known here of the content of an upload. */
export interface UploadState {
  readonly check: ContentCheck;
  readonly totalBytes: number | undefined;
  /** SHA-256 of each part that was checked, by offset. */
  readonly parts: Map<number, string>;
  nextOffset: number;
  /** The verdict, asked for once. */
  verdict?: Promise<void>;
  /** What is in progress, one step after another. */
  last: Promise<unknown>;
}

export function uploadState(check: ContentCheck, totalBytes: number | undefined): UploadState {
  return { check, totalBytes, parts: new Map(), nextOffset: 0, last: Promise.resolve() };
}

/** A session whose parts are checked as they come, in sequence; `complete` waits for the verdict. */
export function checkedSession(
  session: UploadSession,
  state: UploadState | undefined,
  forget: () => void,
): UploadSession {
  let ended = state === undefined;

  /** One step at a time: the checks see the content in its order. */
  function step<Result>(action: (state: UploadState) => Promise<Result>): Promise<Result> {
    if (ended || state === undefined) return Promise.reject(lost());
    const run = state.last.then(() => {
      if (ended) throw lost();
      return action(state);
    });
    state.last = run.catch(() => {});
    return run;
  }

  async function write(
    known: UploadState,
    offset: number,
    bytes: Uint8Array,
    send: () => Promise<void>,
  ): Promise<void> {
    const { check, parts, nextOffset, verdict } = known;
    const digest = `${bytes.byteLength} ${await sha256(bytes)}`;
    if (offset < nextOffset && parts.get(offset) === digest) return send();
    if (offset !== nextOffset || verdict !== undefined) {
      throw new StorageError(
        'invalid-argument',
        `the next part starts at ${nextOffset}, not ${offset}: this content is checked as it comes.`,
        {
          outcome: 'not-applied',
          hint: 'Send the parts in sequence, and none again with other bytes.',
        },
      );
    }
    await send();
    await pushBytes(bytes, check);
    parts.set(offset, digest);
    known.nextOffset += bytes.byteLength;
  }

  async function complete(known: UploadState, options: CompleteOptions): Promise<ObjectInfo> {
    const { check, totalBytes, nextOffset } = known;
    if (totalBytes !== undefined && nextOffset !== totalBytes) {
      throw new StorageError(
        'invalid-argument',
        `bytes are missing: ${nextOffset} of ${totalBytes} are held.`,
        { outcome: 'not-applied', hint: 'Write the missing parts and complete again.' },
      );
    }
    known.verdict ??= check.finish();
    await known.verdict;
    const info = await session.complete(options);
    end();
    return info;
  }

  function end(): void {
    ended = true;
    forget();
  }

  const { key, token, expiresAt } = session;
  return {
    key,
    token,
    part: { ...session.part, order: 'sequential' },
    ...(expiresAt !== undefined && { expiresAt }),
    async status(options) {
      const status = await session.status(options);
      if (state === undefined) return { held: [] };
      // What was sent and not checked does not count.
      const checked = state.nextOffset;
      const held = status.held
        .filter(({ offset }) => offset < checked)
        .map(({ offset, length }) => ({ offset, length: Math.min(length, checked - offset) }));
      return { held };
    },
    write: (offset, bytes, options) =>
      step((known) => write(known, offset, bytes, () => session.write(offset, bytes, options))),
    complete: (options = {}) => step((known) => complete(known, options)),
    async abort(options) {
      state?.check.stop(lost());
      end();
      await session.abort(options);
    },
  };
}

/** A session of which only the size is limited. */
export function sizedSession(session: UploadSession, rules: KeyRules): UploadSession {
  const { key, token, part, expiresAt } = session;
  return {
    key,
    token,
    part,
    ...(expiresAt !== undefined && { expiresAt }),
    status: (options) => session.status(options),
    async write(offset, bytes, options) {
      checkMost(rules, offset + bytes.byteLength);
      await session.write(offset, bytes, options);
    },
    async complete(options = {}) {
      const { held } = await session.status(options);
      const sizeBytes = Math.max(0, ...held.map(({ offset, length }) => offset + length));
      checkMost(rules, sizeBytes);
      checkLeast(rules, sizeBytes);
      return session.complete(options);
    },
    abort: (options) => session.abort(options),
  };
}

function lost(): StorageError {
  return new StorageError('conflict', 'this upload cannot be checked any more.', {
    outcome: 'not-applied',
    retryable: false,
    restart: true,
    hint: 'Begin a new upload: content that is checked is sent by one process, from its start.',
  });
}
