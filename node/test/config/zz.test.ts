import { it } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { runBody, decideBody } from '../../http-api/routes/requests.ts';
it('x', () => {
  for (const t of ['{"__proto__":{"polluted":1}}','{"network":{"__proto__":{"listen":["x"]}}}','{"constructor":{"prototype":{"a":1}}}','[]','null','3'])
    process.stdout.write(t+' '+JSON.stringify(configSchema.safeParse(JSON.parse(t)).error?.issues ?? 'OK')+'\n');
  process.stdout.write(JSON.stringify(runBody.safeParse({}))+JSON.stringify(decideBody.safeParse({}))+'\n');
});
