import { type CompanionLayout, isCompanionName } from '../src/attributes/companion-layout.ts';
import { withCompanion } from '../src/attributes/with-companion.ts';
import type { ObjectAttributes } from '../src/contract/object-info.ts';
import type { StorageProvider } from '../src/contract/provider.ts';
import { guardProvider } from '../src/provider/guard-provider.ts';
import { type TinyProvider, type TinyProviderSettings, tinyProvider } from './tiny-provider.ts';

/** Attributes of every kind that a test looks at. */
export const attributes: ObjectAttributes = {
  contentType: 'text/x-custom',
  metadata: { n: 1, name: 'é' },
  tags: ['x'],
  expiresAt: new Date('2030-01-01T00:00:00.001Z'),
};

/** A store without attributes of its own, under companions. */
export interface CompanionProvider {
  readonly tiny: TinyProvider;
  readonly provider: StorageProvider;
  /** Names of the companions that are there. */
  companions(): string[];
}

/** Makes a provider that keeps attributes in companions of this layout. */
export function companionProvider(
  layout: CompanionLayout,
  settings: TinyProviderSettings = {},
): CompanionProvider {
  const tiny = tinyProvider({
    ...settings,
    capabilities: { attributes: 'none', ...settings.capabilities },
  });
  return {
    tiny,
    provider: guardProvider(withCompanion(tiny, { layout })),
    companions: () => [...tiny.objects.keys()].filter((key) => isCompanionName(key, layout)),
  };
}
