import type { StorageUrl } from '../contract/factory.ts';
import { redactText } from '../errors/redact-text.ts';
import { StorageError } from '../errors/storage-error.ts';
import { hideSecrets, isSecretName, REDACTED } from './redact.ts';

const URL_PARTS = /^([a-z][a-z\d+.-]+):(\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?$/is;

/**
 * Takes a storage URL apart: `s3://bucket/prefix?region=eu-west-1`, `file:./data`,
 * `file:///srv/data`, `memory:`. A path without `//` stays as written, so it can be relative.
 * What is printed of the result hides secrets; its fields are readable.
 * Errors: `invalid-config` that says what is wrong and shows no credential.
 */
export function parseStorageUrl(text: string): StorageUrl {
  const parts = URL_PARTS.exec(text);
  if (parts === null) throw notUrl(text);
  const [, scheme = '', , authority = '', path = '', query = ''] = parts;
  const at = authority.lastIndexOf('@');
  const [username = '', ...password] = authority.slice(0, Math.max(0, at)).split(':');
  return hideSecrets({
    scheme: scheme.toLowerCase(),
    host: decode(authority.slice(at + 1), text),
    path: decode(path, text),
    ...(username !== '' && { username: decode(username, text) }),
    ...(password.length > 0 && { password: decode(password.join(':'), text) }),
    query: parseQuery(query, text),
  });
}

/** A storage URL as text that can be shown: passwords and secret options are `***`. */
export function formatStorageUrl(url: StorageUrl): string {
  const { scheme, host, path, username, password, query } = url;
  const secret = password === undefined ? '' : `:${REDACTED}`;
  const user = username === undefined && secret === '' ? '' : `${encode(username ?? '')}${secret}@`;
  const authority = user === '' && host === '' ? '' : `//${user}${encodeHost(host)}`;
  const options = Object.entries(query).map(([name, value]) => {
    const shown = isSecretName(name) ? REDACTED : encode(value);
    return `${encode(name)}=${shown}`;
  });
  const end = options.length === 0 ? '' : `?${options.join('&')}`;
  return `${scheme}:${authority}${encodePath(path)}${end}`;
}

function parseQuery(query: string, text: string): Readonly<Record<string, string>> {
  const options = new Map<string, string>();
  for (const part of query.split('&')) {
    if (part === '') continue;
    const [name = '', ...value] = part.split('=');
    const known = decode(name, text);
    if (options.has(known)) throw broken(text, `the option "${known}" is there twice`);
    // A plus sign stays one: base64 secrets have it.
    options.set(known, decode(value.join('='), text));
  }
  return hideSecrets(Object.fromEntries(options));
}

function decode(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw broken(text, 'a percent sign starts no escape; write %25 for the sign itself');
  }
}

function encode(part: string): string {
  return encodeURIComponent(part);
}

function encodeHost(host: string): string {
  return encode(host).replaceAll('%3A', ':').replaceAll('%5B', '[').replaceAll('%5D', ']');
}

function encodePath(path: string): string {
  return path.split('/').map(encode).join('/').replaceAll('%3A', ':');
}

function notUrl(text: string): StorageError {
  if (/^[a-z]:[\\/]/i.test(text)) {
    return broken(text, 'a path of Windows is written file:///C:/folder');
  }
  if (text.includes('#')) return broken(text, 'a "#" in it is written %23');
  return broken(text, 'it starts with a scheme, such as s3://bucket or file:./data');
}

function broken(text: string, why: string): StorageError {
  return new StorageError('invalid-config', `not a storage URL: "${redactText(text)}": ${why}.`);
}
