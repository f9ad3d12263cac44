import type { Capabilities } from '@granary/storage-core/provider';
import type { Harness, OpenStore, Outside } from './harness.ts';
import type { Need } from './scenario.ts';

/** The reason why a scenario can't run, or `undefined` when all its needs are met. */
export function unmetNeed(
  needs: readonly Need[],
  capabilities: Capabilities,
  store: OpenStore,
  harness: Harness,
): string | undefined {
  for (const need of needs) {
    const reason = unmet(need, capabilities, store, harness);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Whether a capability is declared: present, and neither `false` nor `none`. */
export function isDeclared(capabilities: Capabilities, name: keyof Capabilities): boolean {
  const value = capabilities[name];
  return value !== undefined && value !== false && value !== 'none';
}

function unmet(
  need: Need,
  capabilities: Capabilities,
  store: OpenStore,
  harness: Harness,
): string | undefined {
  if (need === 'reopen') {
    return store.reopen === undefined ? 'the harness has no `reopen`' : undefined;
  }
  if (need === 'layer') {
    return harness.layer === undefined ? 'the harness is not one of a layer' : undefined;
  }
  if (need.startsWith('outside.')) {
    const name = need.slice('outside.'.length) as keyof Outside;
    return store.outside?.[name] === undefined ? `the harness has no \`${need}\`` : undefined;
  }
  if (need.startsWith('!')) {
    const name = need.slice(1) as keyof Capabilities;
    return isDeclared(capabilities, name) ? `\`${name}\` is declared` : undefined;
  }
  const [name = '', wanted] = need.split('=');
  const capability = name as keyof Capabilities;
  if (!isDeclared(capabilities, capability)) return `\`${name}\` is not declared`;
  if (wanted === undefined) return undefined;
  const value = String(capabilities[capability]);
  return wanted.split('|').includes(value)
    ? undefined
    : `\`${name}\` is "${value}", not "${wanted.replaceAll('|', '" or "')}"`;
}
