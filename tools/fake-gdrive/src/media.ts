import { refusal } from './refusal.ts';
import type { Answer, Call } from './request.ts';

/** Answers with content, or the part of it that a range asks for. */
export function contentAnswer(call: Call, content: Buffer, type: string): Answer {
  const headers = { 'content-type': type, 'accept-ranges': 'bytes' };
  const range = call.fault === 'ignore-range' ? undefined : call.headers['range'];
  if (range === undefined) return { status: 200, headers, body: content, isContent: true };
  const match = /^bytes=(\d*)-(\d*)$/.exec(range);
  const size = content.byteLength;
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '')) {
    return { status: 200, headers, body: content, isContent: true };
  }
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || start > end) {
    throw refusal(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable', {
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${size}` },
    body: content.subarray(start, end + 1),
    isContent: true,
  };
}
