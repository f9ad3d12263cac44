import type { Capabilities, StorageProvider } from '@granary/storage-core/provider';
import { isDeclared } from './needs.ts';

/** Capabilities that are operations, with the members that they promise. */
export const OPTIONAL_OPERATIONS: Readonly<
  Partial<Record<keyof Capabilities, readonly (keyof StorageProvider)[]>>
> = {
  putMany: ['putMany'],
  getMany: ['getMany'],
  statMany: ['statMany'],
  deleteMany: ['deleteMany'],
  copy: ['copy'],
  move: ['move'],
  setMetadata: ['setMetadata'],
  upload: ['upload', 'uploads'],
  presign: ['presign'],
  publicUrl: ['publicUrl'],
  versions: ['versions'],
  watch: ['watch'],
  changes: ['changes'],
  usage: ['usage'],
  health: ['health'],
};

/** Operations that are missing where they are declared, or there where they are not. */
export function mismatches(provider: StorageProvider, capabilities: Capabilities): string[] {
  const wrong: string[] = [];
  for (const [name, members] of Object.entries(OPTIONAL_OPERATIONS)) {
    const declared = isDeclared(capabilities, name as keyof Capabilities);
    for (const member of members) {
      const has = provider[member] !== undefined;
      if (declared !== has)
        wrong.push(
          `\`${member}\` is ${has ? 'there' : 'missing'}, \`${name}\` is ${declared ? '' : 'not '}declared`,
        );
    }
  }
  return wrong;
}
