import type { LayerName, LayerTable } from '@granary/storage-config';
import type { Vault } from '@granary/storage-credentials';

/** Loads the layers, where some of these names are needed. The vault is opened for encryption alone. */
export async function loadLayers(
  names: readonly LayerName[],
  vault: () => Promise<Vault>,
): Promise<LayerTable> {
  if (names.length === 0) return {};
  const { storageLayers } = await import('@granary/storage-config/layers');
  return storageLayers(names.includes('encrypt') ? { vault: await vault() } : {});
}
