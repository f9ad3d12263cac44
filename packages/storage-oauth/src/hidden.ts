import { REDACTED } from '@granary/storage-core/provider';

const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** The same object, of which logs, `inspect` and JSON show no secret; reading its fields still works. */
export function hidden<Value extends object>(
  value: Value,
  secrets: readonly (keyof Value)[],
): Value {
  const shown = (): object => ({
    ...value,
    ...Object.fromEntries(
      secrets.filter((name) => value[name] !== undefined).map((name) => [name, REDACTED]),
    ),
  });
  Object.defineProperty(value, INSPECT, { value: shown });
  return Object.defineProperty(value, 'toJSON', { value: shown });
}
