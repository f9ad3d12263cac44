export { ownFolder, type Policy, type PolicyQuestion } from './access.ts';
export { signJwt } from './jwt.ts';
export type { FakeFault } from './request.ts';
export {
  type FakeSupabase,
  type FakeSupabaseOptions,
  startFakeSupabase,
} from './start-fake-supabase.ts';
