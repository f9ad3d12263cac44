import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeProject, packPackages } from './install.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-install-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('packs nothing that is not built or not there', async () => {
  await expect(packPackages(['@granary-tools/presets'], folder)).rejects.toThrow(
    'tools/presets is not built, so there is nothing to pack. Run `pnpm build`.',
  );
  await expect(packPackages(['@granary/none'], folder)).rejects.toThrow(
    'There is no package @granary/none in this workspace.',
  );
});

test('says why npm installs nothing', { timeout: 60_000 }, async () => {
  await expect(makeProject(join(folder, 'project'), ['./none.tgz'])).rejects.toThrow(
    /npm install failed in an empty project: .*none\.tgz/s,
  );
});
