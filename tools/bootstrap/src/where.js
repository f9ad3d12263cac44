// Runs under the Node that npx brought and tells where it and its tools are.
const { PATH, Path } = process.env;
console.log(`granary-runtime ${JSON.stringify({ node: process.execPath, path: PATH ?? Path })}`);
