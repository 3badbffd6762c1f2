import { defineConfig } from 'vitest/config';

const minutes = (n: number) => n * 60_000;

// Apart from the others, because it downloads 63 MB.
export default defineConfig({
  test: { dir: 'test/musl', testTimeout: minutes(3), hookTimeout: minutes(10) },
});
