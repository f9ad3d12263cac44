import { redactText } from '../errors/redact-text.ts';

/** What stands in the place of a secret. */
export const REDACTED = '***';

const SECRET_NAME =
  /pass(?:word|phrase|wd)?$|secret|token|credential|signature|connection_?string|(?:^|_)(?:key|auth|sas|sig|dsn)$/i;
const PUBLIC_NAME = /(?:public|partition|sort|primary|foreign)_?key$/i;
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** Whether the value under this name is not to be shown: `apiKey`, `client_secret`, `password` … */
export function isSecretName(name: string): boolean {
  const words = name.replace(/([a-z\d])([A-Z])/g, '$1_$2').replaceAll('-', '_');
  return SECRET_NAME.test(words) && !PUBLIC_NAME.test(words);
}

/**
 * A copy of a configuration that can be shown: what is under the name of a secret is `***`, and
 * URLs in texts lose credentials and queries. Whatever is no plain data is told by its kind alone.
 */
export function redact(value: unknown): unknown {
  return redacted(value, []);
}

/** Hides fields from `console.log`, `util.inspect` and JSON; reading them still works. */
export function hideSecrets<Value extends object>(value: Value): Value {
  const shown = () => redact({ ...value });
  Object.defineProperty(value, INSPECT, { value: shown });
  return Object.defineProperty(value, 'toJSON', { value: shown });
}

function redacted(value: unknown, above: readonly object[]): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'function') return '[function]';
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (above.includes(value)) return '[circle]';
  const inside = [...above, value];
  if (Array.isArray(value)) return value.map((item) => redacted(item, inside));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return `[${value.constructor.name}]`;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      isSecretName(name) && item !== undefined && item !== '' ? REDACTED : redacted(item, inside),
    ]),
  );
}
