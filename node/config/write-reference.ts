/** `npm run docs`: writes the reference of all settings, and the ontology. @module */

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ontologyDocument } from '../skills/ontology.ts';
import { configReference } from './reference.ts';

// From dist/node/config, where it runs.
const directory = fileURLToPath(new URL('../../../node/docs/', import.meta.url));
await mkdir(directory, { recursive: true });
await writeFile(`${directory}config.md`, configReference());

const ontology = fileURLToPath(new URL('../../../node/skills/ontology.json', import.meta.url));
await writeFile(ontology, `${JSON.stringify(ontologyDocument(), undefined, 2)}\n`);
