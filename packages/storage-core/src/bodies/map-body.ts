import type { ContentRange, StoredObject } from '../contract/body.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import { storedObject } from './stored-object.ts';

/** What a layer makes of an object that it read from below. */
export interface BodyMap {
  /** Default: as it is below. Its size is what the body is checked against. */
  readonly info?: ObjectInfo;
  readonly range?: ContentRange;
  /** May change the bytes in place: they belong to nobody else. */
  bytes(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  stream(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array>;
}

/**
 * An object whose content goes through a function on its way up. `bytes()` stays one call below,
 * and letting go of it lets go of the one below.
 */
export function mapBody(object: StoredObject, map: BodyMap): StoredObject {
  const { info = object.info, range = object.range } = map;
  return storedObject(
    info,
    {
      bytes: async () => map.bytes(await object.bytes()),
      stream: () => map.stream(object.stream()),
      cancel: (reason) => object.cancel(reason),
    },
    range === undefined ? { below: object } : { below: object, range },
  );
}
