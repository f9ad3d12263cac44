import { type CheckedPackage, folderName, type Kind } from './rule.ts';

/** Which kinds a kind may use when it runs. An import goes down, never up and never sideways. */
const RUNTIME: Readonly<Record<Kind, readonly Kind[]>> = {
  core: [],
  kit: ['core'],
  backend: ['core'],
  layers: ['core', 'backend'],
  vault: ['core'],
  auth: ['core'],
  umbrella: ['core', 'backend', 'layers', 'vault', 'auth'],
  system: ['core', 'backend', 'layers', 'vault', 'auth', 'umbrella'],
  app: ['core', 'backend', 'layers', 'vault', 'auth', 'umbrella', 'system'],
  example: ['core', 'backend', 'layers', 'vault', 'auth', 'umbrella', 'system'],
  server: ['server'],
  tool: [
    'core',
    'kit',
    'backend',
    'layers',
    'vault',
    'auth',
    'umbrella',
    'system',
    'server',
    'tool',
  ],
};

/** Kinds whose tests run the conformance kit, over memory or a server where they need a provider. */
const TESTED_WITH_KIT: ReadonlySet<Kind> = new Set([
  'backend',
  'layers',
  'vault',
  'auth',
  'umbrella',
  'system',
  'app',
]);

const PRESETS = '@granary-tools/presets';

/** Tells whether `from` may use `to` in what its users run. */
export function mayUse(from: CheckedPackage, to: CheckedPackage): boolean {
  if (!from.kind || !to.kind) return false;
  // What nobody installs may start servers and browsers: the benchmarks.
  if (from.kind === 'app' && to.kind === 'server') return from.manifest.private === true;
  return RUNTIME[from.kind].includes(to.kind);
}

/** Tells whether the tests and settings of `from` may use `to`. */
export function mayTestWith(from: CheckedPackage, to: CheckedPackage): boolean {
  if (mayUse(from, to) || to.manifest.name === PRESETS) return true;
  const isTestGround =
    to.kind === 'kit' || to.kind === 'server' || folderName(to) === 'storage-memory';
  if (from.kind === 'example') return to.kind === 'server';
  // Tokens are kept in a vault, which a sign-in takes by shape.
  if (from.kind === 'auth' && to.kind === 'vault') return true;
  return from.kind !== undefined && TESTED_WITH_KIT.has(from.kind) && isTestGround;
}
