/**
 * `npm run docs`: writes the references of settings, commands, metrics and errors, the description
 * of the HTTP API, and the ontology.
 *
 * @module
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ontologyDocument } from '../skills/ontology.ts';
import { cliReference } from '../cli/reference.ts';
import { errorReference } from '../error-reference.ts';
import { metricsReference } from '../http-api/metrics-reference.ts';
import { openApiDocument } from '../http-api/openapi.ts';
import { configReference } from './reference.ts';

// From dist/node/config, where it runs.
const directory = fileURLToPath(new URL('../../../node/docs/', import.meta.url));
await mkdir(directory, { recursive: true });
await writeFile(`${directory}config.md`, configReference());
await writeFile(`${directory}cli.md`, cliReference());
await writeFile(`${directory}errors.md`, errorReference());
await writeFile(`${directory}metrics.md`, metricsReference());
await writeFile(`${directory}openapi.json`, `${JSON.stringify(openApiDocument(), undefined, 2)}\n`);

const ontology = fileURLToPath(new URL('../../../node/skills/ontology.json', import.meta.url));
await writeFile(ontology, `${JSON.stringify(ontologyDocument(), undefined, 2)}\n`);
