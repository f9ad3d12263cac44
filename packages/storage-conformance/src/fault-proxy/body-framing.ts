import { lists, type MessageHead } from './message-head.ts';

/** Finds where a body ends. */
export interface BodyFraming {
  readonly kind: 'none' | 'length' | 'chunked' | 'until-close';
  /** Units: bytes. */
  readonly length?: number;
  /** How many of these bytes belong to the body. */
  take(bytes: Buffer): number;
  /** Whether the body is whole. */
  isDone(): boolean;
}

/** How the body of a request ends. https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
export function requestFraming(head: MessageHead): BodyFraming {
  if (lists(head, 'transfer-encoding', 'chunked')) return chunked();
  return byLength(Number(head.field('content-length') ?? 0));
}

/** How the body of a reply ends. */
export function replyFraming(method: string, status: number, head: MessageHead): BodyFraming {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return byLength(0);
  if (lists(head, 'transfer-encoding', 'chunked')) return chunked();
  const length = head.field('content-length');
  return length === undefined ? untilClose() : byLength(Number(length));
}

function byLength(length: number): BodyFraming {
  let left = length;
  return {
    kind: length === 0 ? 'none' : 'length',
    length,
    take(bytes) {
      const taken = Math.min(left, bytes.length);
      left -= taken;
      return taken;
    },
    isDone: () => left === 0,
  };
}

function untilClose(): BodyFraming {
  return { kind: 'until-close', take: ({ length }) => length, isDone: () => false };
}

const LINE_FEED = 10;

function chunked(): BodyFraming {
  /** The line that is being read: the size of a chunk, or a trailer. */
  let line = '';
  /** Bytes of the chunk, with the line end behind it. */
  let left = 0;
  let inTrailers = false;
  let isDone = false;

  function endLine(): void {
    const text = line.trim();
    line = '';
    if (inTrailers) {
      isDone = text === '';
      return;
    }
    const size = Number.parseInt(text, 16);
    inTrailers = size === 0;
    left = size > 0 ? size + 2 : 0;
  }

  return {
    kind: 'chunked',
    take(bytes) {
      let at = 0;
      while (at < bytes.length && !isDone) {
        if (left > 0) {
          const taken = Math.min(left, bytes.length - at);
          left -= taken;
          at += taken;
        } else {
          const end = bytes.indexOf(LINE_FEED, at);
          const behind = end < 0 ? bytes.length : end + 1;
          line += bytes.toString('latin1', at, behind);
          at = behind;
          if (end >= 0) endLine();
        }
      }
      return at;
    },
    isDone: () => isDone,
  };
}
