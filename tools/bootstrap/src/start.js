// npm start [-- folder]: brings everything, builds, and runs the main job.
import { buildAndRun } from './build-and-run.js';

await buildAndRun({
  filter: '--filter=@granary-examples/main-job^...',
  script: ['examples', 'main-job', 'src', 'main.ts'],
  name: 'the main job',
});
