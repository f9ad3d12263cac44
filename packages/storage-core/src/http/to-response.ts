import type { StoredObject } from '../contract/body.ts';
import type { FileHandle } from '../contract/engine.ts';

/** How an object is served. */
export interface ResponseOptions {
  /** Whether a browser shows the content or saves it. Default: what is recorded with the object, else `inline`. */
  readonly disposition?: 'inline' | 'attachment';
  /** Name under which a browser saves the content. Default: the last segment of the key. */
  readonly fileName?: string;
  /**
   * What happens to content that can run scripts when a browser shows it: HTML, SVG and other XML.
   * `attachment` has it saved; `sandbox` shows it without scripts and with an origin of its own;
   * `trusted` shows it like any page of this site. Default: `attachment`.
   */
  readonly activeContent?: 'attachment' | 'sandbox' | 'trusted';
  /** Default: what is recorded with the object. */
  readonly cacheControl?: string;
  /** Further headers; they win over those of the object. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The clock. Units: ms since 1970. Default: `Date.now`. */
  readonly now?: () => number;
}

/**
 * Answers a `GET` or `HEAD` request with an object: the whole, a part (`Range`, `If-Range`), or
 * that nothing changed (`If-None-Match`, `If-Modified-Since`). Only the bytes that are sent are read,
 * and a cancelled response lets go of them. A request for several ranges is answered with the whole.
 *
 * A missing object gives 404, a failed `If-Match` 412, a range behind the end 416, another method 405; every
 * other failure is thrown. Nobody is asked whether the request may be answered: check that first. Of an
 * object that was read already, ranges are not served.
 */
export async function toResponse(
  source: FileHandle | StoredObject,
  request: Request,
  options: ResponseOptions = {},
): Promise<Response> {
  return (await import('./respond.ts')).respond(source, request, options);
}
