import { isBytes } from '../bodies/chunk-source.ts';
import type { UploadSession } from '../contract/upload.ts';
import type { Admission } from './admission.ts';
import { checkChecksum, checkConditions, invalid, isCount } from './check-options.ts';

/**
 * An upload session whose errors are labelled and whose parts keep the rules that one part alone
 * can be checked against. Its token is left out when the session is printed.
 */
export function guardSession(gate: Admission, session: UploadSession): UploadSession {
  const { key, part } = session;
  const place = (name: string, signal: AbortSignal | undefined) => ({
    operation: `upload.${name}`,
    key,
    signal,
    writes: name === 'complete',
  });

  function checkPart(offset: number, bytes: Uint8Array): void {
    if (!isBytes(bytes)) throw invalid('a part is a Uint8Array.');
    if (!isCount(offset, 0) || offset % part.multipleOf !== 0) {
      throw invalid(`a part cannot start at ${offset}; a multiple of ${part.multipleOf} can.`);
    }
    if (bytes.byteLength === 0 || bytes.byteLength > part.maxBytes) {
      throw invalid(`a part has 1 to ${part.maxBytes} bytes, not ${bytes.byteLength}.`);
    }
  }

  const guarded = {
    key,
    token: '',
    part,
    ...(session.expiresAt && { expiresAt: session.expiresAt }),
    status: (options = {}) =>
      gate.run(place('status', options.signal), () => session.status(options)),
    write: (offset, bytes, options = {}) =>
      gate.run(place('write', options.signal), () => {
        checkPart(offset, bytes);
        return session.write(offset, bytes, options);
      }),
    complete: (options = {}) =>
      gate.run(place('complete', options.signal), () => {
        const { uploadConditions, uploadChecksum } = gate.capabilities();
        checkConditions(options, uploadConditions, uploadConditions);
        if (options.checksum !== undefined) checkChecksum(options.checksum, uploadChecksum);
        return session.complete(options);
      }),
    abort: (options = {}) => gate.run(place('abort', options.signal), () => session.abort(options)),
  } satisfies UploadSession as UploadSession;
  return Object.defineProperty(guarded, 'token', {
    enumerable: false,
    get: () => session.token,
  });
}
