import { defineConfig } from 'rolldown';

/**
 * The screen in one file: Ink and React come in some four hundred files, and the first frame waits for all of them.
 * Everything else stays as the compiler leaves it, and so do the classes of errors: what the services throw is told by `instanceof`
 * in the screen too.
 */
export default defineConfig({
  input: 'dist/ui/app.js',
  platform: 'node',
  external: /\/util\/errors\.js$/,
  transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  resolve: { alias: { 'react-devtools-core': false } }, // a debugger that Ink would like to have
  output: { file: 'dist/ui/app.bundle.js', format: 'esm', minify: true, codeSplitting: false },
});
