import type { ContentRange } from '../contract/body.ts';

/**
 * The part of an object that a `Range` header asks for. `undefined`: all of it, because the header is
 * not understood or asks for several parts, which a server may answer with the whole (RFC 9110, section
 * 14.2). `'none'`: the range lies behind the end.
 */
export function requestedRange(
  header: string | null,
  sizeBytes: number,
): ContentRange | 'none' | undefined {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') {
    if (last === '') return undefined;
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? 'none' : { offset: sizeBytes - length, length };
  }
  const offset = Number(first);
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== '' && Number(last) < offset) return undefined;
  return offset >= sizeBytes ? 'none' : { offset, length: end - offset };
}
