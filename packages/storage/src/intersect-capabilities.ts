import type { Capabilities } from '@granary/storage-core';

/**
 * Returns what each of several providers can do: the least that is sure before one of them has been
 * chosen. A limit stands where all have one; what cannot be compared and differs is left out.
 */
export function intersectCapabilities(all: readonly Capabilities[]): Capabilities {
  const [first = {}, ...others] = all;
  const shared = Object.entries(first).flatMap(([name, value]) => {
    const field = name as keyof Capabilities;
    const both = others.reduce<unknown>(
      (least, capabilities) => sharedValue(least, capabilities[field]),
      value,
    );
    return both === undefined ? [] : [[field, both]];
  });
  return Object.freeze(Object.fromEntries(shared)) as Capabilities;
}

function sharedValue(one: unknown, other: unknown): unknown {
  if (one === undefined || other === undefined) return undefined;
  if (typeof one === 'boolean') return one && other;
  if (typeof one === 'number') return Math.min(one, Number(other));
  if (Array.isArray(one)) return one.filter((entry) => (other as unknown[]).includes(entry));
  if (one === other) return one;
  // A provider that takes any delimiter takes a slash too.
  return [one, other].includes('any') ? 'slash' : undefined;
}
