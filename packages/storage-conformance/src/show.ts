const LONGEST = 300;
const BYTES_SHOWN = 16;

/** A value on one short line, for messages. */
export function show(value: unknown): string {
  const text = write(value, 0);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} … (${text.length} characters)` : text;
}

function write(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value !== 'object' || value === null) {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  if (value instanceof Uint8Array) return writeBytes(value);
  if (value instanceof Date)
    return `Date ${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()}`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (depth > 3) return '…';
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(', ')}]`;
  const fields = Object.entries(value).map(
    ([name, field]) => `${JSON.stringify(name)}: ${write(field, depth + 1)}`,
  );
  return `{${fields.join(', ')}}`;
}

function writeBytes(bytes: Uint8Array): string {
  const start = [...bytes.subarray(0, BYTES_SHOWN)].map((byte) =>
    byte.toString(16).padStart(2, '0'),
  );
  const rest = bytes.byteLength > BYTES_SHOWN ? ' …' : '';
  return `${bytes.byteLength} bytes <${start.join(' ')}${rest}>`;
}
