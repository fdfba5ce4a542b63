import { readFileSync } from 'node:fs';
import jsonld from 'jsonld';
import { DataFactory, Parser, Store } from 'n3';
import { beforeAll, describe, expect, it } from 'vitest';
import { PREDICATES } from '../../../protocols/skill-discovery/terms.ts';
import { ontologyDocument, ontologyIri } from '../../skills/ontology.ts';
import { CONCEPTS, findTerm } from '../../skills/vocabulary.ts';

const SKOS = 'http://www.w3.org/2004/02/skos/core#';
const RDF_TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
const { namedNode } = DataFactory;
const skos = (name: string) => namedNode(`${SKOS}${name}`);

const text = readFileSync(new URL('../../skills/ontology.json', import.meta.url), 'utf8');
const store = new Store();
const fetched: string[] = [];

beforeAll(async () => {
  const quads = await jsonld.toRDF(JSON.parse(text) as object, {
    format: 'application/n-quads',
    // A document that needed the network would be one more thing to trust.
    documentLoader: (url: string) => {
      fetched.push(url);
      return Promise.reject(new Error(`asked for ${url}`));
    },
  });
  store.addQuads(new Parser({ format: 'N-Quads' }).parse(quads as unknown as string));
});

function objectsOf(iri: string, property: ReturnType<typeof skos>): string[] {
  return store.getObjects(namedNode(iri), property, null).map(({ value }) => value);
}

describe('the ontology file', () => {
  it('is what the vocabulary says: npm run docs writes it', () => {
    expect(JSON.parse(text)).toEqual(ontologyDocument());
  });

  it('is read by a standard RDF library without the network', () => {
    expect(fetched).toEqual([]);
    const literals = CONCEPTS.reduce((sum, { synonyms }) => sum + synonyms.length, 0);
    expect(store.size).toBeGreaterThan(literals + 6 * CONCEPTS.length);
    expect(store.countQuads(null, skos('altLabel'), null, null)).toBe(literals);
  });

  it('holds each term as a concept with one name, one definition and one notation', () => {
    const concepts = store.getSubjects(namedNode(RDF_TYPE), skos('Concept'), null);
    expect(concepts).toHaveLength(CONCEPTS.length);
    for (const { term, label, definition } of CONCEPTS) {
      const iri = ontologyIri(term);
      expect(objectsOf(iri, skos('prefLabel'))).toEqual([label]);
      expect(objectsOf(iri, skos('definition'))).toEqual([definition]);
      expect(objectsOf(iri, skos('notation'))).toEqual([term]);
    }
  });

  it('resolves every broader and related term, and no term is above itself', () => {
    const iris = new Set(CONCEPTS.map(({ term }) => ontologyIri(term)));
    for (const property of ['broader', 'related']) {
      const quads = store.getQuads(null, skos(property), null, null);
      expect(quads.length).toBeGreaterThan(0);
      expect(quads.filter(({ object }) => !iris.has(object.value))).toEqual([]);
    }
    for (const iri of iris) {
      const path = new Set<string>();
      for (let at: string | undefined = iri; at !== undefined;) {
        expect(path.has(at), `a ring at ${at}`).toBe(false);
        path.add(at);
        at = objectsOf(at, skos('broader'))[0];
      }
    }
    expect(objectsOf(ontologyIri('performs:nlp/sentiment'), skos('broader'))).toEqual([
      ontologyIri('performs:nlp'),
    ]);
  });

  it('keeps apart what SKOS keeps apart: no pair is both related and broader', () => {
    for (const { term, related } of CONCEPTS) {
      const above = objectsOf(ontologyIri(term), skos('broader'));
      expect(related.filter((other) => above.includes(ontologyIri(other)))).toEqual([]);
    }
  });

  it('holds each predicate as an object property, and units of what is counted', () => {
    const property = namedNode('http://www.w3.org/2002/07/owl#ObjectProperty');
    const found = store.getSubjects(namedNode(RDF_TYPE), property, null).map(({ value }) => value);
    expect(found.toSorted()).toEqual(PREDICATES.map(ontologyIri).toSorted());
    const counted = store.getQuads(null, namedNode(ontologyIri('unit')), null, null);
    const units = counted.map(({ subject, object }) => [subject.value, object.value]);
    const known = CONCEPTS.filter(({ unit }) => unit !== undefined);
    expect(units.toSorted()).toEqual(
      known.map(({ term, unit }) => [ontologyIri(term), unit]).toSorted(),
    );
    expect(findTerm('hasResource:gpu-memory-gib')?.unit).toBe('GiB');
  });
});
