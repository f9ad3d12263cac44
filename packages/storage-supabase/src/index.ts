export type { SupabaseClientLike, SupabaseStorageLike } from './supabase-client.ts';
export { createSupabase, type SupabaseOptions } from './supabase-provider.ts';
