import type { ObjectAttributes, ObjectInfo } from '../contract/object-info.ts';
import type { StorageProvider } from '../contract/provider.ts';
import type { CompleteOptions, UploadOptions, UploadSession } from '../contract/upload.ts';
import { StorageError } from '../errors/storage-error.ts';
import { decodeBase64Url, encodeBase64Url } from '../listing/base64-url.ts';
import { pickAttributes } from './check-attributes.ts';

export interface CompanionSessionsSettings {
  upload(key: string, options: UploadOptions): Promise<UploadSession>;
  /** Brings in the object with its attributes. */
  complete(
    key: string,
    attributes: ObjectAttributes,
    options: CompleteOptions,
    complete: () => Promise<ObjectInfo>,
  ): Promise<ObjectInfo>;
}

/** Upload sessions whose attributes travel in the token, so that another process has them too. */
export interface CompanionSessions {
  readonly upload: NonNullable<StorageProvider['upload']>;
  wrap(token: string, attributes?: ObjectAttributes): string;
}

export function companionSessions(settings: CompanionSessionsSettings): CompanionSessions {
  function wrap(token: string, attributes: ObjectAttributes = {}): string {
    return encodeBase64Url(new TextEncoder().encode(JSON.stringify([token, attributes])));
  }

  async function upload(key: string, options: UploadOptions): Promise<UploadSession> {
    const { token, attributes: given = {}, ...rest } = options;
    const known = token === undefined ? undefined : unwrap(token);
    const attributes = pickAttributes(known?.attributes ?? given);
    const session = await settings.upload(key, {
      ...rest,
      ...(known !== undefined && { token: known.token }),
    });
    return {
      key,
      token: wrap(session.token, attributes),
      part: session.part,
      ...(session.expiresAt !== undefined && { expiresAt: session.expiresAt }),
      status: (asked) => session.status(asked),
      write: (offset, bytes, asked) => session.write(offset, bytes, asked),
      complete: (asked = {}) =>
        settings.complete(key, attributes, asked, () => session.complete(asked)),
      abort: (asked) => session.abort(asked),
    };
  }

  return { upload, wrap };
}

function unwrap(text: string): { readonly token: string; readonly attributes: ObjectAttributes } {
  try {
    const [token, attributes] = JSON.parse(new TextDecoder().decode(decodeBase64Url(text)));
    if (typeof token === 'string') return { token, attributes: revived(attributes) };
  } catch {
    // Told below.
  }
  throw new StorageError('invalid-argument', 'the token is not one of a session of this store.');
}

function revived({ expiresAt, ...attributes }: { readonly expiresAt?: string }): ObjectAttributes {
  return { ...attributes, ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }) };
}
