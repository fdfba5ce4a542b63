/** `npm run docs`: writes the reference of all settings. @module */

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { configReference } from './reference.ts';

// From dist/node/config, where it runs.
const directory = fileURLToPath(new URL('../../../node/docs/', import.meta.url));
await mkdir(directory, { recursive: true });
await writeFile(`${directory}config.md`, configReference());
