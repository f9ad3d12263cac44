import {
  type Capabilities,
  OPTIONAL_OPERATIONS,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { isDeclared } from './needs.ts';

/** Operations that are missing where they are declared, or there where they are not. */
export function mismatches(provider: StorageProvider, capabilities: Capabilities): string[] {
  const wrong: string[] = [];
  for (const name of OPTIONAL_OPERATIONS) {
    const declared = isDeclared(capabilities, name);
    const has = provider[name] !== undefined;
    if (declared === has) continue;
    wrong.push(`\`${name}\` is ${has ? 'there' : 'missing'} and ${declared ? '' : 'not '}declared`);
  }
  return wrong;
}
