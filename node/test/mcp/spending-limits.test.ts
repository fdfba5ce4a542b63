import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { skillBody, taskBody } from '../../http-api/routes/requests.ts';
import type { TaskRequest } from '../../http-api/routes/requests.ts';
import { SpendingLimits } from '../../mcp/spending-limits.ts';

const TERM = 'performs:nlp/sentiment';

const short = (maxPriceMicroUsd?: number): TaskRequest =>
  skillBody.parse({
    skill: TERM,
    inputs: [{ name: 'a.txt', mediaType: 'text/plain', text: 'fine' }],
    ...(maxPriceMicroUsd !== undefined && { maxPriceMicroUsd }),
  });

const long = (valueMicroUsd: number, maxPriceMicroUsd?: number): TaskRequest =>
  taskBody.parse({
    task: {
      title: 'Mood',
      skills: [TERM],
      input: { parts: [{ text: 'fine', mediaType: 'text/plain' }] },
      output: { mediaType: 'application/json' },
      verification: [],
      constraints: {
        sensitivity: 'low',
        ...(maxPriceMicroUsd !== undefined && { maxPriceMicroUsd }),
      },
      valueMicroUsd,
    },
  });

describe('spending limits of an agent', () => {
  it('leave a task as it is where there is none', async () => {
    const request = long(1e9);
    const admitted = await new SpendingLimits().admit(request);
    expect(admitted.request).toBe(request);
    await admitted.settle(5);
  });

  it('take the named price before the value, and hand the bound to the daemon', async () => {
    const limits = new SpendingLimits({ maxPerTaskMicroUsd: 100 });
    const byPrice = await limits.admit(long(1e9, 100));
    expect(byPrice.request).toMatchObject({ task: { constraints: { maxPriceMicroUsd: 100 } } });
    const byValue = await limits.admit(long(70));
    expect(byValue.request).toMatchObject({
      task: { constraints: { maxPriceMicroUsd: 70, sensitivity: 'low' } },
    });
    expect((await limits.admit(short())).request).toMatchObject({ maxPriceMicroUsd: 100 });
    await expect(limits.admit(long(1e9))).rejects.toMatchObject({ code: 'REFUSED', exitCode: 1 });
    await expect(limits.admit(long(1, 101))).rejects.toThrow(/by its constraints.maxPriceMicroUsd/);
    await expect(limits.admit(short(101))).rejects.toThrow('--max-usd-per-task');
  });

  it('set aside what tasks at work may cost, and count what they did cost', async () => {
    const limits = new SpendingLimits({ maxPerSessionMicroUsd: 100 });
    const first = await limits.admit(short(60));
    await expect(limits.admit(short(60))).rejects.toThrow(
      /\$0\.000040 is left .* \$0\.000000 paid/,
    );
    await first.settle(10);
    expect(limits.paidMicroUsd).toBe(10);
    const second = await limits.admit(short(60));
    // Nobody knows what a cancelled task still owes.
    await second.settle(undefined);
    expect(limits.paidMicroUsd).toBe(70);
    expect((await limits.admit(short())).request).toMatchObject({ maxPriceMicroUsd: 30 });
  });

  it('refuse a specification that the daemon would refuse, in the same words', async () => {
    const limits = new SpendingLimits({ maxPerTaskMicroUsd: 100 });
    const request = taskBody.parse({ task: { title: 'x', valueMicroUsd: '1' } });
    await expect(limits.admit(request)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: 'The task is not valid',
      problems: expect.arrayContaining(['valueMicroUsd: expected a number, got "1"']) as unknown,
    });
  });

  it('are never passed by what is let in, whatever comes in whatever order', async () => {
    const step = fc.record({
      mostMicroUsd: fc.nat(150),
      isNamed: fc.boolean(),
      paidShare: fc.double({ min: 0, max: 1, noNaN: true }),
      waits: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const limits = new SpendingLimits({ maxPerTaskMicroUsd: 120, maxPerSessionMicroUsd: 300 });
        const open: (() => Promise<void>)[] = [];
        let bound = 0;
        for (const { mostMicroUsd, isNamed, paidShare, waits } of steps) {
          const asked = short(isNamed ? mostMicroUsd : undefined);
          const admitted = await limits.admit(asked).catch(() => undefined);
          if (!admitted) continue;
          const { maxPriceMicroUsd = Infinity } = admitted.request as { maxPriceMicroUsd?: number };
          expect(maxPriceMicroUsd).toBeLessThanOrEqual(120);
          bound += maxPriceMicroUsd;
          expect(bound).toBeLessThanOrEqual(300);
          const paid = Math.floor(maxPriceMicroUsd * paidShare);
          const end = async () => {
            await admitted.settle(paid);
            bound -= maxPriceMicroUsd - paid;
          };
          if (waits) open.push(end);
          else await end();
        }
        for (const end of open) await end();
        expect(limits.paidMicroUsd).toBe(bound);
      }),
    );
  });
});
