import type { PhotoFacts } from '../types.js';

export function readXmp(text: string): PhotoFacts | undefined {
  return text.includes('adobe:ns:meta') || text.includes('rdf:RDF') ? { kind: 'photo' } : undefined;
}
