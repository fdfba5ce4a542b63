/**
 * Version of this package, and of the Node.js that it needs, as package.json has it.
 *
 * @module
 */

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';

// dist/node/version.js lies one folder deeper than node/version.ts.
const candidates = ['../package.json', '../../package.json'];
const path = candidates.find((relative) => existsSync(new URL(relative, import.meta.url)));
if (path === undefined) throw new TypeError('package.json is missing from the installation');
const manifest = createRequire(import.meta.url)(path) as {
  version: string;
  engines: { node: string };
};

export const VERSION = manifest.version;

/** The oldest Node.js that this is made for, as `engines` has it. */
export const LEAST_NODE_VERSION = manifest.engines.node.replace(/^>=/, '');
