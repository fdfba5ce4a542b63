/**
 * The tracer of a node, by its configuration.
 *
 * @module
 */

import type { Clock, Logger, Random } from '../../protocols/components.ts';
import type { Config } from '../config/schema.ts';
import { VERSION } from '../version.ts';
import { OtlpExporter } from './otlp-exporter.ts';
import { Tracer } from './tracer.ts';

/** A tracer, and the end of it. */
export interface NodeTracing {
  readonly tracer: Tracer;
  close(): Promise<void>;
}

/** Opens it; without a collector in the configuration nothing is traced. */
export function openTracing(
  { telemetry: { otlpEndpoint } }: Pick<Config, 'telemetry'>,
  {
    peerId,
    clock,
    random,
    logger,
  }: {
    readonly peerId: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
  },
): NodeTracing {
  if (otlpEndpoint === undefined) {
    return { tracer: new Tracer({ clock, random }), close: () => Promise.resolve() };
  }
  const exporter = new OtlpExporter({
    endpoint: otlpEndpoint,
    resource: {
      'service.name': 'coalesce',
      'service.version': VERSION,
      'service.instance.id': peerId,
    },
    logger,
  });
  const tracer = new Tracer({ clock, random, sink: exporter.add });
  return { tracer, close: () => exporter.close() };
}
