import { type ConfigSource, readOptions } from '@granary/storage-core/provider';
import type { SupabaseOptions } from './supabase-provider.ts';

/** Options from `supabase://bucket/prefix?url=https://x.supabase.co&key=…` or a config object. */
export function supabaseFromConfig(source: ConfigSource): SupabaseOptions & { prefix?: string } {
  return readOptions(source, {
    url: { type: 'string', required: true, names: ['supabase_url', 'supabaseUrl', 'endpoint'] },
    key: { type: 'string', required: true, names: ['supabase_key', 'supabaseKey', 'api_key'] },
    bucket: { type: 'string', required: true, from: 'host' },
    prefix: { type: 'string', from: 'path' },
    public: { type: 'boolean' },
    publicUrl: { type: 'string', names: ['public_url'] },
    allowInsecure: { type: 'boolean', names: ['allow_insecure'] },
  });
}
