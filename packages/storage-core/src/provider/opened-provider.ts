import type { Capabilities } from '../contract/capabilities.ts';
import type { OperationOptions } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';

/** A provider of which a layer knows the capabilities also after opening. */
export interface OpenedProvider {
  capabilities(): Capabilities;
  open(options: OperationOptions): Promise<Capabilities>;
}

/** Remembers what `open` found out. */
export function openedProvider(provider: StorageProvider): OpenedProvider {
  let opened: Partial<Capabilities> = {};
  const capabilities = (): Capabilities => ({ ...provider.capabilities, ...opened });
  return {
    capabilities,
    async open(options) {
      opened = (await provider.open?.(options)) ?? {};
      return capabilities();
    },
  };
}
