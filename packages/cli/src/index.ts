export { ensureServer, findServer, startServer, stopServer } from './server/ensure.js';
export type { LocalServer, ServerOptions } from './server/ensure.js';
export { findBinary } from './server/binary.js';
export { serverFiles } from './server/paths.js';
export type { ServerFiles } from './server/paths.js';
export type { Notice } from './notice.js';
