import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Manifest, ROOT, type WorkspacePackage } from '@granary-tools/workspace';
import type { Gate, GateContext } from '../src/gate.ts';

/** A folder with built packages for a gate to look at. */
export interface FakePackages extends Disposable {
  /** Adds a built package `@granary/<name>` with one entry, or what the arguments make of it. */
  readonly add: (
    name: string,
    manifest?: Partial<Manifest>,
    files?: Readonly<Record<string, string>>,
  ) => WorkspacePackage;
  /** Runs a gate on all packages and returns its problems, and what it said. */
  readonly run: (
    gate: Gate,
    changes?: Partial<GateContext>,
  ) => Promise<{ readonly problems: readonly string[]; readonly said: readonly string[] }>;
}

const SOURCES = {
  'src/index.ts': '/** One. */\nexport const one: number = 1;\n',
  'dist/index.js': 'export const one = 1;\n',
  'dist/index.d.ts': '/** One. */\nexport declare const one: number;\n',
  LICENSE: 'MIT',
  'README.md': '# Fake',
};

/** Returns an empty folder for packages, which disposing removes. */
export function fakePackages(): FakePackages {
  const root = mkdtempSync(join(tmpdir(), 'granary-gates-'));
  const packages: WorkspacePackage[] = [];

  return {
    add(name, manifest = {}, files = {}) {
      const folder = `packages/${name}`;
      const path = join(root, folder);
      const complete: Manifest = {
        name: `@granary/${name}`,
        version: '1.2.3',
        license: 'MIT',
        type: 'module',
        sideEffects: false,
        exports: {
          '.': {
            '@granary/source': './src/index.ts',
            types: './dist/index.d.ts',
            default: './dist/index.js',
          },
          './package.json': './package.json',
        },
        files: ['dist', 'src'],
        engines: { node: '>=22' },
        ...manifest,
      };
      const all = { ...SOURCES, 'package.json': JSON.stringify(complete), ...files };
      for (const [file, text] of Object.entries(all)) {
        mkdirSync(dirname(join(path, file)), { recursive: true });
        writeFileSync(join(path, file), text);
      }
      const added = { folder, path, manifest: complete };
      packages.push(added);
      return added;
    },
    async run(gate, changes = {}) {
      const said: string[] = [];
      const say = (line: string) => said.push(line);
      const problems = await gate.check({ root: ROOT, packages, update: false, say, ...changes });
      return { problems, said };
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
