import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeNpmProject } from './npm-project.ts';
import { packAll } from './pack.ts';
import type { Manifest, WorkspacePackage } from './workspace.ts';

let folder = '';

beforeEach(async () => {
  vi.stubEnv('npm_config_offline', 'true');
  folder = await mkdtemp(join(tmpdir(), 'granary-npm-project-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Writes a built package that nobody has published. */
async function packageNamed(
  name: string,
  changes: Partial<Manifest> = {},
): Promise<WorkspacePackage> {
  const path = join(folder, 'packages', name);
  const manifest = { name: `@granary-unpublished/${name}`, version: '1.0.0', ...changes };
  await mkdir(join(path, 'dist'), { recursive: true });
  await writeFile(join(path, 'dist', 'index.js'), `export default '${name}';`);
  await writeFile(join(path, 'package.json'), JSON.stringify(manifest));
  return { folder: `packages/${name}`, path, manifest };
}

test('installs tarballs that need each other without asking for them', async () => {
  const upper = await packageNamed('upper', {
    dependencies: { '@granary-unpublished/lower': '^1.0.0' },
  });
  const packed = await packAll([upper, await packageNamed('lower')], folder);
  const project = join(folder, 'project');
  expect(await makeNpmProject(project, packed)).toMatchObject({ exitCode: 0 });
  const lower = join(project, 'node_modules/@granary-unpublished/lower/dist/index.js');
  expect(await readFile(lower, 'utf8')).toBe("export default 'lower';");
});

test('tells what npm says when a peer is not to be had', async () => {
  const packed = await packAll([await packageNamed('alone')], folder);
  const peers = { '@granary-unpublished/none': '^1.0.0' };
  const { exitCode, output } = await makeNpmProject(join(folder, 'project'), packed, peers);
  expect(exitCode).toBe(1);
  expect(output).toContain('@granary-unpublished');
});

test('packs nothing that is not built, or has no name', async () => {
  const built = await packageNamed('built');
  await rm(join(built.path, 'dist'), { recursive: true });
  await expect(packAll([built], folder)).rejects.toThrow(
    'packages/built is not built, so there is nothing to pack. Run `pnpm build`.',
  );
  const broken = await packageNamed('broken');
  await writeFile(join(broken.path, 'package.json'), '{}');
  await expect(packAll([broken], folder)).rejects.toThrow('pnpm pack failed in packages/broken');
});
