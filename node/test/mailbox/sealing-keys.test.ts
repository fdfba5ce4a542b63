import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { FakeClock, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import {
  SEALING_KEY_LIFE_SECONDS,
  SEALING_KEY_USE_SECONDS,
  SealingKeys,
} from '../../mailbox/sealing-keys.ts';
import type { StoredSealingKey } from '../../mailbox/sealing-keys.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const DAY = SEALING_KEY_USE_SECONDS;

async function opened() {
  const clock = new FakeClock();
  const section = new MemoryJsonSection<StoredSealingKey>();
  const random = new FakeRandom('sealing');
  const open = async (): Promise<SealingKeys> => {
    const keys = new SealingKeys({ section, clock, random });
    await keys.load();
    return keys;
  };
  return { clock, section, open, keys: await open() };
}

const nameOf = (keys: SealingKeys): string => toBase64Url(keys.current().publicKey);

describe('the keys that letters are sealed for', () => {
  it('are the same after a restart', async () => {
    const { keys, open } = await opened();
    const again = await open();
    expect(nameOf(again)).toBe(nameOf(keys));
    expect(again.current().privateKey).toEqual(keys.current().privateKey);
  });

  it('are replaced after a day, and say so once', async () => {
    const { clock, keys } = await opened();
    const first = nameOf(keys);
    clock.advanceSeconds(DAY - 1);
    expect(await keys.renew()).toBe(false);
    expect(nameOf(keys)).toBe(first);
    clock.advanceSeconds(1);
    expect(await keys.renew()).toBe(true);
    expect(await keys.renew()).toBe(false);
    expect(nameOf(keys)).not.toBe(first);
    expect(toBase64Url(keys.find(first)!.publicKey)).toBe(first);
  });

  it('open what was sealed for them for a week, and are gone then, on disk too', async () => {
    const { clock, section, keys, open } = await opened();
    const first = nameOf(keys);
    const { privateKey } = keys.current();
    for (let day = 1; day < SEALING_KEY_LIFE_SECONDS / DAY; day++) {
      clock.advanceSeconds(DAY);
      await keys.renew();
      expect(keys.find(first), `day ${day}`).toBeDefined();
    }
    clock.advanceSeconds(DAY);
    await keys.renew();
    expect(keys.find(first)).toBeUndefined();
    expect(privateKey).toEqual(new Uint8Array(32));
    expect(await section.get(first)).toBeUndefined();
    expect((await open()).find(first)).toBeUndefined();
    expect(await section.values()).toHaveLength(SEALING_KEY_LIFE_SECONDS / DAY);
  });

  it('make a new one after a pause of weeks, and forget the old', async () => {
    const { clock, keys, open } = await opened();
    const first = nameOf(keys);
    clock.advanceSeconds(3 * SEALING_KEY_LIFE_SECONDS);
    const later = await open();
    expect(nameOf(later)).not.toBe(first);
    expect(later.find(first)).toBeUndefined();
  });
});
