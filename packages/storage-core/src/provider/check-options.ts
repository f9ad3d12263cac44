import { attributeBeyondName, checkAttributes } from '../attributes/check-attributes.ts';
import { checkRange } from '../bodies/byte-range.ts';
import type { Body } from '../contract/body.ts';
import type { Capabilities, PresignOption } from '../contract/capabilities.ts';
import type { AttributesPatch } from '../contract/object-info.ts';
import type {
  CopyOptions,
  DeleteOptions,
  GetOptions,
  ListOptions,
  ObjectTags,
  PresignOptions,
  PutOptions,
  ServiceOptions,
  StatOptions,
  WriteConditions,
} from '../contract/operations.ts';
import type { UploadOptions } from '../contract/upload.ts';
import { StorageError } from '../errors/storage-error.ts';
import { unsupported } from '../errors/to-storage-error.ts';
import { checkKey } from '../keys/check-key.ts';

/** Units: ms. */
const PRESIGN_MS = 3_600_000;

/** Options of `presign` that a capability of their own names. */
const PRESIGN_OPTIONS = [
  'contentType',
  'contentLength',
  'checksum',
  'ifNoneMatch',
  'responseDisposition',
  'responseContentType',
] as const satisfies readonly PresignOption[];

/** Checks of one operation each: what was asked for is valid and declared (SPEC OPEN-6). */
export function checkGet(key: string, options: GetOptions, can: Capabilities): void {
  checkKey(key, can.maxKeyBytes);
  const { range, ifMatch, ifNoneMatch } = options;
  if (range !== undefined) {
    need(can.rangeReads, 'range');
    checkRange(range);
  }
  if (ifMatch !== undefined) checkEtag(ifMatch, can.readConditions, 'ifMatch');
  if (ifNoneMatch !== undefined) checkEtag(ifNoneMatch, can.readConditions, 'ifNoneMatch');
  checkVersion(options, can.versions);
}

export function checkStat(key: string, options: StatOptions, can: Capabilities): void {
  checkKey(key, can.maxKeyBytes);
  checkVersion(options, can.versions);
}

export function checkPut(key: string, body: Body, options: PutOptions, can: Capabilities): void {
  checkKey(key, can.maxKeyBytes);
  checkConditions(options, can.replaceIfMatch, can.createIfAbsent);
  checkContent(options, can, can.checksum);
  checkService(options, can);
  checkWritten(key, options, can);
  const { size } = body;
  if (size === undefined) return;
  checkSize(size, mostOfPut(can), 'one put');
  checkSize(size, can.maxObjectBytes, 'an object');
}

export function checkDelete(key: string, options: DeleteOptions, can: Capabilities): void {
  checkKey(key, can.maxKeyBytes);
  if (options.ifMatch !== undefined) checkEtag(options.ifMatch, can.deleteIfMatch, 'ifMatch');
  checkVersion(options, can.deleteVersion);
}

export function checkCopy(from: string, to: string, options: CopyOptions, can: Capabilities): void {
  checkKey(from, can.maxKeyBytes);
  checkKey(to, can.maxKeyBytes);
  const { sourceIfMatch, ifNoneMatch, attributes } = options;
  if (sourceIfMatch !== undefined) checkEtag(sourceIfMatch, can.copyIfMatch, 'sourceIfMatch');
  checkConditions({ ...(ifNoneMatch && { ifNoneMatch }) }, false, can.copyIfAbsent);
  if (attributes !== undefined) checkWritten(to, attributes, can);
}

export function checkSetMetadata(
  key: string,
  patch: AttributesPatch,
  ifMatch: string | undefined,
  can: Capabilities,
): void {
  checkKey(key, can.maxKeyBytes);
  checkWritten(key, patch, can);
  if (ifMatch !== undefined) checkEtag(ifMatch, can.setMetadataIfMatch, 'ifMatch');
}

export function checkList(options: ListOptions, can: Capabilities): void {
  const { prefix, delimiter, cursor, startAfter, limit, include } = options;
  if (prefix !== undefined && typeof prefix !== 'string') throw invalid('prefix is not a string.');
  if (delimiter !== undefined) {
    if (typeof delimiter !== 'string' || delimiter === '') {
      throw invalid('delimiter is not a non-empty string.');
    }
    const known = can.delimiter === 'any' || (can.delimiter === 'slash' && delimiter === '/');
    need(known, `delimiter ${JSON.stringify(delimiter)}`);
  }
  if (cursor !== undefined && (typeof cursor !== 'string' || cursor === '')) {
    throw invalid('cursor is not one that a page carried.');
  }
  if (startAfter !== undefined) {
    need(can.listOrder === 'utf8', 'startAfter');
    if (typeof startAfter !== 'string') throw invalid('startAfter is not a string.');
  }
  if (limit !== undefined && !isCount(limit, 1)) {
    throw invalid('limit is not a whole number of at least 1.');
  }
  if (include !== undefined && include.length > 0) {
    if (include.some((what) => what !== 'attributes')) {
      throw invalid("include takes 'attributes' alone.");
    }
    need(can.listAttributes, "include: ['attributes']");
  }
}

export function checkUpload(key: string, options: UploadOptions, can: Capabilities): void {
  checkKey(key, can.maxKeyBytes);
  const { totalBytes, attributes, token } = options;
  if (token === '') throw invalid('token is not one that a session gave.');
  checkContent(options, can, can.uploadChecksum);
  checkService(options, can);
  if (attributes !== undefined) checkWritten(key, attributes, can);
  if (totalBytes === undefined) return;
  if (!isCount(totalBytes, 0)) throw invalid('totalBytes is not a whole number.');
  checkSize(totalBytes, can.maxObjectBytes, 'an object');
}

/** The options with their defaults. */
export function checkPresign(
  key: string,
  options: PresignOptions,
  can: Capabilities,
): PresignOptions {
  checkKey(key, can.maxKeyBytes);
  const { method = 'GET', expiresInMs = PRESIGN_MS } = options;
  const { contentType, contentLength, ifNoneMatch, checksum } = options;
  const { responseDisposition, responseContentType } = options;
  if (!isCount(expiresInMs, 1)) throw invalid('expiresInMs is not a positive whole number.');
  if (contentLength !== undefined && !isCount(contentLength, 0)) {
    throw invalid('contentLength is not a whole number.');
  }
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw invalid("ifNoneMatch takes '*' alone.");
  const forPut = contentType ?? contentLength ?? ifNoneMatch ?? checksum;
  const forGet = responseDisposition ?? responseContentType;
  if (method === 'GET' ? forPut !== undefined : method !== 'PUT' || forGet !== undefined) {
    throw invalid(`presigning ${String(method)} does not take these options.`);
  }
  for (const option of PRESIGN_OPTIONS) {
    if (options[option] !== undefined) need(can.presignOptions?.includes(option), option);
  }
  checkAttributes({
    ...(contentType !== undefined && { contentType }),
    ...(responseDisposition !== undefined && { contentDisposition: responseDisposition }),
  });
  if (responseContentType !== undefined) checkAttributes({ contentType: responseContentType });
  return { ...options, method, expiresInMs };
}

/** Conditions of a write (SPEC COND-9). */
export function checkConditions(
  { ifMatch, ifNoneMatch }: WriteConditions,
  canMatch: boolean | undefined,
  canCreate: boolean | undefined,
): void {
  if (ifMatch !== undefined) checkEtag(ifMatch, canMatch, 'ifMatch');
  if (ifNoneMatch === undefined) return;
  if (ifNoneMatch !== '*') throw invalid("ifNoneMatch takes '*' alone in a write.");
  if (ifMatch !== undefined) throw invalid("ifMatch and ifNoneMatch: '*' cannot both hold.");
  need(canCreate, "ifNoneMatch: '*'");
}

/** What is done to the content of a write besides storing it. */
function checkContent(
  { checksum, writeId, encrypt, compress }: PutOptions & UploadOptions,
  can: Capabilities,
  canChecksum: boolean | undefined,
): void {
  if (checksum !== undefined) {
    need(canChecksum, 'checksum');
    if (checksum !== 'sha256') throw invalid(`there is no checksum "${String(checksum)}".`);
  }
  if (writeId !== undefined) need(can.writeIds, 'writeId');
  if (encrypt) need(can.encrypt, 'encrypt');
  if (compress) need(can.compress, 'compress');
}

/** What a write says in the service's own words. */
function checkService({ native = {}, objectTags }: ServiceOptions, can: Capabilities): void {
  for (const name of Object.keys(native)) {
    if (can.nativeOptions?.includes(name)) continue;
    const known = can.nativeOptions?.join(', ') ?? 'none';
    throw unsupported(undefined, `native: { ${name} } (known: ${known})`);
  }
  if (objectTags === undefined) return;
  need(can.objectTags, 'objectTags');
  checkObjectTags(objectTags);
}

/** Refuses what no service could keep as tags of an object. */
export function checkObjectTags(tags: ObjectTags): void {
  const isMap = typeof tags === 'object' && tags !== null && !Array.isArray(tags);
  if (!isMap || !Object.entries(tags).every(([name, value]) => name && isText(value))) {
    throw invalid('objectTags is not a map of non-empty names to texts.');
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed();
}

/** The checksum that content is said to have. */
export function checkChecksum(checksum: string, can: boolean | undefined): void {
  need(can, 'checksum');
  if (!/^sha256-[A-Za-z0-9+/]{43}=$/.test(checksum)) {
    throw invalid('checksum is not a SHA-256 as `sha256-<base64>`.');
  }
}

function checkWritten(key: string, attributes: AttributesPatch, can: Capabilities): void {
  checkAttributes(attributes);
  if (can.attributes === 'native' || can.attributes === 'companion') return;
  const lost = attributeBeyondName(key, attributes);
  if (lost !== undefined) need(false, lost);
}

function checkEtag(etag: string, can: boolean | undefined, option: string): void {
  if (typeof etag !== 'string' || etag === '') throw invalid(`${option} is not an etag.`);
  need(can, option);
}

function checkVersion({ version }: StatOptions, can: boolean | undefined): void {
  if (version === undefined) return;
  need(can, 'version');
  if (typeof version !== 'string' || version === '')
    throw invalid('version is not one of an info.');
}

function checkSize(size: number, most: number | undefined, what: string): void {
  if (most === undefined || size <= most) return;
  throw new StorageError('too-large', `${size} bytes are more than ${what} takes here: ${most}.`);
}

/** A layer may have put a body that is in memory into another one, which is no reason to refuse it. */
function mostOfPut({ maxPutBytes, maxBufferedPutBytes = 0 }: Capabilities): number | undefined {
  return maxPutBytes && Math.max(maxPutBytes, maxBufferedPutBytes);
}

function need(can: boolean | undefined, option: string): void {
  if (!can) throw unsupported(undefined, option);
}

export function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

export function invalid(reason: string): StorageError {
  return new StorageError('invalid-argument', reason);
}
