import { defineConfig } from 'vite';

/** Addresses are relative, so that the page works in any folder of any server. */
export default defineConfig({
  base: './',
  build: { outDir: 'dist/site', target: 'es2022', chunkSizeWarningLimit: 2000 },
});
