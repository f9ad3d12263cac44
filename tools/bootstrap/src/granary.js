// npm run granary -- <arguments>: the command of this repository, before it is published.
import { buildAndRun } from './build-and-run.js';

await buildAndRun({
  filter: '--filter=@granary/cli',
  script: ['apps', 'cli', 'dist', 'main.js'],
  name: 'granary',
});
