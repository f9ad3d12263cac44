import type { ByteReader } from './byte-reader.ts';

/** The first line and the header fields of a message. */
export interface MessageHead {
  /** As it came. */
  readonly raw: Buffer;
  readonly firstLine: string;
  /** The value of a header field, its values joined by commas; undefined without it. */
  field(name: string): string | undefined;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const MOST_HEAD_BYTES = 262_144;

/** Reads the next head. Gives undefined where no whole one comes. */
export async function readHead(reader: ByteReader): Promise<MessageHead | undefined> {
  let seen: Buffer = Buffer.alloc(0);
  while (seen.length < MOST_HEAD_BYTES) {
    const bytes = await reader.read();
    if (bytes === undefined) return undefined;
    seen = Buffer.concat([seen, bytes]);
    const end = seen.indexOf(END_OF_HEAD);
    if (end >= 0) {
      const length = end + END_OF_HEAD.length;
      reader.unread(seen.subarray(length));
      return parseHead(seen.subarray(0, length));
    }
  }
  return undefined;
}

/** Reads a head out of its bytes. */
function parseHead(raw: Buffer): MessageHead {
  const [firstLine = '', ...lines] = raw.toString('latin1').trimEnd().split('\r\n');
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    raw,
    firstLine,
    field(name) {
      const values = fields.filter(([field]) => field === name).map(([, value]) => value);
      return values.length === 0 ? undefined : values.join(', ');
    },
  };
}

/** The head with another value of a field that it has; everything else stays byte for byte. */
export function withField(head: MessageHead, name: string, value: string): Buffer {
  const lines = head.raw.toString('latin1').split('\r\n');
  const changed = lines.map((line) => {
    const colon = line.indexOf(':');
    return line.slice(0, colon).toLowerCase() === name ? `${line.slice(0, colon)}: ${value}` : line;
  });
  return Buffer.from(changed.join('\r\n'), 'latin1');
}

/** Whether a field lists a word, such as `close` in `Connection`. */
export function lists(head: MessageHead, name: string, word: string): boolean {
  const words = head.field(name)?.toLowerCase().split(',') ?? [];
  return words.some((listed) => listed.trim() === word);
}
