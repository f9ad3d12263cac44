export type { MemoryOptions } from './memory-provider.ts';
export { createMemory } from './memory-provider.ts';
