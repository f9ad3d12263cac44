import { toBody } from '../bodies/to-body.ts';
import type { Body } from '../contract/body.ts';
import type { EnginePutOptions } from '../contract/engine.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import { isStorageError } from '../errors/storage-error.ts';
import { toStorageError } from '../errors/to-storage-error.ts';
import { raceAbort } from '../provider/race-abort.ts';
import { checkConcurrency } from './check-concurrency.ts';
import { type EngineContext, opened, putOptionsOf } from './engine-context.ts';
import { conditionsOver, putOverExpired } from './over-expired.ts';
import { partReader } from './part-reader.ts';
import { checkLarge, type LargePut, putLarge } from './put-large.ts';
import { countedBody, reportProgress } from './report-progress.ts';

/** Longest stream of unknown length that is held to go up in one request. Units: bytes. */
const MAX_HELD_BYTES = 8 * 1024 * 1024;

/**
 * Puts a body the way that fits it: in one request, or in parts where it is larger than
 * `maxPutBytes` (`maxBufferedPutBytes` where it is in memory) or turns out to be; over an expired
 * item as if there were none. When it fails, the body is let go of.
 */
export async function putBody(
  context: EngineContext,
  key: string,
  body: Body,
  options: EnginePutOptions,
): Promise<ObjectInfo> {
  const { provider } = context;
  const { onProgress, signal, resume } = options;
  const reporter = reportProgress(onProgress, body.size);
  try {
    checkConcurrency(options.concurrency);
    const { capabilities } = await opened(provider, options);
    const { upload = false, maxPutBytes = Number.POSITIVE_INFINITY } = capabilities;
    const mostAtOnce = goesWhole(body, options)
      ? Math.max(maxPutBytes, capabilities.maxBufferedPutBytes ?? 0)
      : maxPutBytes;
    const large: LargePut = {
      key,
      totalBytes: body.size,
      reader: partReader(body),
      readAgain: () => (body.replayable ? partReader(body) : undefined),
      options,
      reporter,
    };

    if (resume !== undefined || (upload && (body.size ?? 0) > mostAtOnce)) {
      return await putParts(context, body, large);
    }
    if (upload && body.size === undefined && Number.isFinite(maxPutBytes)) {
      const most = Math.min(maxPutBytes, MAX_HELD_BYTES);
      const head = await raceAbort(large.reader.take(most + 1), signal);
      if (head.byteLength > most) {
        large.reader.putBack(head);
        return await putParts(context, body, large);
      }
      return await putOnce(context, toBody(head), large);
    }
    return await putOnce(context, body, large);
  } catch (error) {
    const known = toStorageError(error, { provider: provider.name, operation: 'put', key });
    await body.cancel(known);
    throw known;
  } finally {
    reporter.stop();
  }
}

/** Whether a body is in memory, and nobody wants to hear of its parts. */
function goesWhole(body: Body, { onProgress, onSession }: EnginePutOptions): boolean {
  return body.buffered !== undefined && onProgress === undefined && onSession === undefined;
}

async function putParts(
  context: EngineContext,
  body: Body,
  { options, ...put }: LargePut,
): Promise<ObjectInfo> {
  checkLarge(context, body, options);
  const { key } = put;
  const conditions =
    options.ifNoneMatch === undefined ? options : await conditionsOver(context, key, options);
  return putLarge(context, { ...put, options: conditions });
}

async function putOnce(
  context: EngineContext,
  body: Body,
  { key, options, reporter }: LargePut,
): Promise<ObjectInfo> {
  const counted = options.onProgress === undefined ? body : countedBody(body, reporter);
  const creates = options.ifNoneMatch !== undefined;
  const write = putOptionsOf(
    creates && !body.replayable ? await conditionsOver(context, key, options) : options,
  );
  let info: ObjectInfo;
  try {
    info = await context.provider.put(key, counted, write);
  } catch (error) {
    const again = creates && body.replayable && isStorageError(error, 'precondition-failed');
    if (!again) throw error;
    info = await putOverExpired(context, key, counted, write, error);
  }
  reporter.finish(body.size);
  return info;
}
