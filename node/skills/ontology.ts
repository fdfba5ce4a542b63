/**
 * The vocabulary as a document that standard tools open: SKOS concepts (W3C SKOS reference 2009),
 * predicates as OWL object properties (OWL 2), JSON-LD 1.1 with its context inside, so that nothing
 * is fetched to read it. `npm run docs` writes it to `ontology.json`; a test compares the two.
 *
 * @module
 */

import { ancestorsOf, PREDICATES } from '../../protocols/skill-discovery/terms.ts';
import type { Predicate } from '../../protocols/skill-discovery/terms.ts';
import type { Concept } from './vocabulary/concept.ts';
import { CONCEPTS, findTerm } from './vocabulary.ts';

/** Base of all names in the document. A URN: nothing has to be served under it. */
export const ONTOLOGY_IRI = 'urn:coalesce:vocabulary';

const CONTEXT = {
  '@version': 1.1,
  '@language': 'en',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  owl: 'http://www.w3.org/2002/07/owl#',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  dcterms: 'http://purl.org/dc/terms/',
  coalesce: `${ONTOLOGY_IRI}:`,
  id: '@id',
  type: '@type',
  label: 'rdfs:label',
  comment: 'rdfs:comment',
  range: { '@id': 'rdfs:range', '@type': '@id' },
  title: 'dcterms:title',
  prefLabel: 'skos:prefLabel',
  altLabel: { '@id': 'skos:altLabel', '@container': '@set' },
  definition: 'skos:definition',
  notation: { '@id': 'skos:notation', '@language': null },
  broader: { '@id': 'skos:broader', '@type': '@id' },
  related: { '@id': 'skos:related', '@type': '@id', '@container': '@set' },
  inScheme: { '@id': 'skos:inScheme', '@type': '@id' },
  topConceptOf: { '@id': 'skos:topConceptOf', '@type': '@id' },
  predicate: { '@id': 'coalesce:predicate', '@type': '@id' },
  unit: { '@id': 'coalesce:unit', '@language': null },
  graph: '@graph',
} as const;

/** What each predicate says of a peer. */
const PREDICATE_COMMENTS: Readonly<Record<Predicate, string>> = {
  hasResource: 'The agent has the hardware, or so much of it.',
  hasAccessTo: 'The agent may ask the service or read the data.',
  canExecute: 'The agent can run programs of this language or tool.',
  hasKnowledgeBase: 'The agent has more than common knowledge of the field.',
  supportsProtocol: 'Other programs can talk to the agent this way.',
  performs: 'The agent does this work for others.',
};

/** IRI of a term or predicate: what stands after the colon keeps its slashes. */
export function ontologyIri(name: string): string {
  return `${ONTOLOGY_IRI}:${name}`;
}

/** Pairs of `related`, both ways: SKOS calls the relation symmetric. */
function relatedTerms(): ReadonlyMap<string, readonly string[]> {
  const pairs = new Map<string, Set<string>>();
  const add = (from: string, to: string): void => {
    const known = pairs.get(from);
    if (known === undefined) pairs.set(from, new Set([to]));
    else known.add(to);
  };
  for (const { term, related } of CONCEPTS) {
    for (const other of related) {
      add(term, other);
      add(other, term);
    }
  }
  return new Map([...pairs].map(([term, others]) => [term, [...others].sort()]));
}

function conceptNode(concept: Concept, related: readonly string[]): object {
  const { term, label, definition, synonyms, unit } = concept;
  const parent = ancestorsOf(term).find((ancestor) => findTerm(ancestor) !== undefined);
  return {
    id: ontologyIri(term),
    type: 'skos:Concept',
    notation: term,
    prefLabel: label,
    altLabel: synonyms,
    definition,
    predicate: ontologyIri(term.slice(0, term.indexOf(':'))),
    inScheme: ONTOLOGY_IRI,
    ...(parent === undefined ? { topConceptOf: ONTOLOGY_IRI } : { broader: ontologyIri(parent) }),
    ...(related.length === 0 ? {} : { related: related.map(ontologyIri) }),
    ...(unit === undefined ? {} : { unit }),
  };
}

/** The document, ready to be written as JSON. */
export function ontologyDocument(): object {
  const related = relatedTerms();
  const concepts = CONCEPTS.map((one) => conceptNode(one, related.get(one.term) ?? []));
  const predicates = PREDICATES.map((name) => ({
    id: ontologyIri(name),
    type: 'owl:ObjectProperty',
    label: name,
    comment: PREDICATE_COMMENTS[name],
    range: 'skos:Concept',
  }));
  const unit = {
    id: ontologyIri('unit'),
    type: 'owl:DatatypeProperty',
    label: 'unit',
    comment: 'Unit in which quantities of a term are counted.',
  };
  const scheme = {
    id: ONTOLOGY_IRI,
    type: ['skos:ConceptScheme', 'owl:Ontology'],
    title: 'Vocabulary of skill terms',
  };
  return { '@context': CONTEXT, graph: [scheme, ...predicates, unit, ...concepts] };
}
