import {
  type Capabilities,
  OPTIONAL_OPERATIONS,
  type OptionalOperation,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { isDeclared } from './needs.ts';

/** The members that a capability which is an operation promises. */
export function membersOf(
  operation: OptionalOperation,
): readonly (OptionalOperation | 'uploads')[] {
  return operation === 'upload' ? ['upload', 'uploads'] : [operation];
}

/** Operations that are missing where they are declared, or there where they are not. */
export function mismatches(provider: StorageProvider, capabilities: Capabilities): string[] {
  const wrong: string[] = [];
  for (const name of OPTIONAL_OPERATIONS) {
    const declared = isDeclared(capabilities, name);
    for (const member of membersOf(name)) {
      const has = provider[member] !== undefined;
      if (declared !== has)
        wrong.push(
          `\`${member}\` is ${has ? 'there' : 'missing'}, \`${name}\` is ${declared ? '' : 'not '}declared`,
        );
    }
  }
  return wrong;
}
