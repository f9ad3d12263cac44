type SizeLimitPlugin = (...args: unknown[]) => unknown;

declare module '@size-limit/esbuild' {
  const plugins: SizeLimitPlugin;
  export default plugins;
}

declare module '@size-limit/file' {
  const plugins: SizeLimitPlugin;
  export default plugins;
}
