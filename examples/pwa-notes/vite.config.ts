import { defaultClientConditions, defineConfig, type UserConfig } from 'vite';
import { serviceWorker } from './service-worker.config.ts';

const config: UserConfig = defineConfig({
  // Runs in any folder of any server.
  base: './',
  // The sources of Granary's packages, which need no build.
  resolve: { conditions: ['@granary/source', ...defaultClientConditions] },
  build: { target: 'es2023', sourcemap: true },
  server: { host: '127.0.0.1' },
  preview: { host: '127.0.0.1' },
  plugins: [serviceWorker('src/service-worker/service-worker.ts')],
});

export default config;
