import { XMLParser } from 'fast-xml-parser';
import { decodeReferences } from '../texts.js';

/** Names of elements and attributes are the URI of their namespace, then the local name; prefixes are free to choose. */
export interface XmlElement {
  name: string;
  attributes: Map<string, string>;
  children: XmlElement[];
  /** Of this element alone. */
  text: string;
}

/**
 * Entities that a document declares are not resolved, so that none can expand or read a file; references to characters are. Values
 * stay text.
 */
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/** The parser's shape: one key is the name, with the children; `:@` has the attributes; `#text` is text. */
type RawNode = Record<string, unknown>;
const ATTRIBUTES = ':@';
const TEXT = '#text';

/** Returns the elements at the top of a document; none when it is not well formed. */
export function parseXml(text: string): XmlElement[] {
  try {
    return elementsOf(parser.parse(text.replace(/^\uFEFF/, '')) as RawNode[], new Map());
  } catch {
    return [];
  }
}

/** The URI of each prefix; that of elements without one has the key `''`. */
type Namespaces = ReadonlyMap<string, string>;

function elementsOf(nodes: readonly RawNode[], outer: Namespaces): XmlElement[] {
  return nodes.flatMap((node) => {
    const tag = Object.keys(node).find((key) => key !== ATTRIBUTES && key !== TEXT);
    if (tag === undefined) return [];
    const raw = Object.entries((node[ATTRIBUTES] ?? {}) as Record<string, unknown>);
    const namespaces = declare(outer, raw);
    const content = node[tag] as RawNode[];
    return [
      {
        name: expand(tag, namespaces, namespaces.get('') ?? ''),
        attributes: new Map(
          raw.map(([name, value]) => [expand(name, namespaces, ''), decodeReferences(String(value))]),
        ),
        children: elementsOf(content, namespaces),
        text: decodeReferences(content.map((child) => String(child[TEXT] ?? '')).join('')),
      },
    ];
  });
}

function declare(outer: Namespaces, attributes: readonly [string, unknown][]): Namespaces {
  const declared = attributes.flatMap(([name, value]): [string, string][] => {
    const prefix = /^xmlns(?::(.+))?$/.exec(name);
    return prefix ? [[prefix[1] ?? '', String(value)]] : [];
  });
  return declared.length === 0 ? outer : new Map([...outer, ...declared]);
}

function expand(name: string, namespaces: Namespaces, withoutPrefix: string): string {
  const [, prefix, local] = /^([^:]+):(.+)$/.exec(name) ?? [];
  if (prefix === undefined) return withoutPrefix + name;
  const uri = namespaces.get(prefix);
  return uri === undefined ? name : uri + local;
}
