/** Peers that answer lookups wrongly: what they say to each question. */
import { describe, expect, it } from 'vitest';
import { INVENTED_PROVIDERS, lieAbout } from '../../adversaries/lookup-liar.ts';

const key = new Uint8Array([1, 2, 3]);
const colluders = [{ id: new Uint8Array([9]), multiaddrs: [] }];

describe('a liar in lookups', () => {
  it('names its own kind as closer, whatever is looked for', () => {
    for (const type of ['FIND_NODE', 'GET_PROVIDERS', 'GET_VALUE']) {
      expect(lieAbout({ type, key }, colluders)).toMatchObject({ type, key, closer: colluders });
    }
  });

  it('names more providers than end a search of the library, the same for the same key', () => {
    const ask = (of: Uint8Array) => lieAbout({ type: 'GET_PROVIDERS', key: of }, colluders);
    const said = ask(key) as { readonly providers: readonly { readonly id: Uint8Array }[] };
    expect(new Set(said.providers.map(({ id }) => String(id))).size).toBe(INVENTED_PROVIDERS);
    expect(INVENTED_PROVIDERS).toBeGreaterThan(20);
    expect(ask(key)).toEqual(said);
    expect(ask(new Uint8Array([4]))).not.toEqual(said);
  });

  it('says that it keeps what it is given, and answers a ping as others do', () => {
    const put = { type: 'PUT_VALUE', key };
    expect(lieAbout(put, colluders)).toBe(put);
    expect(lieAbout({ type: 'ADD_PROVIDER', key }, colluders)).toBeUndefined();
    expect(lieAbout({ type: 'PING' }, colluders)).toBe('honest');
  });
});
