import type { ContentRange, StoredObject } from '../contract/body.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import { objectChunks, storedObject } from './stored-object.ts';

/** What a layer makes of an object that it read from below. */
export interface BodyMap {
  /** Default: as it is below. Its size is what the body is checked against. */
  readonly info?: ObjectInfo;
  readonly range?: ContentRange;
  /** May change the bytes in place: they belong to nobody else. Default: with `stream`, as they are. */
  readonly bytes?: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  readonly stream?: (stream: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;
}

/**
 * An object whose content goes through a function on its way up. `bytes()` stays one call below,
 * and letting go of it lets go of the one below.
 */
export function mapBody(object: StoredObject, map: BodyMap): StoredObject {
  const { info = object.info, range = object.range, bytes, stream } = map;
  return storedObject(
    info,
    {
      bytes: async () => {
        const below = await object.bytes();
        return bytes === undefined ? below : bytes(below);
      },
      ...(stream === undefined
        ? { chunks: () => objectChunks(object) }
        : { stream: () => stream(object.stream()) }),
      cancel: (reason) => object.cancel(reason),
    },
    range === undefined ? { below: object } : { below: object, range },
  );
}
