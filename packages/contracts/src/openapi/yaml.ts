import { stringify } from 'yaml';
import { openApiDocument } from './document.js';

/** docs/openapi-mvp.yaml, byte for byte. */
export function openApiYaml(): string {
  const notice = '# Generated from packages/contracts by `npm run generate:docs`; not edited by hand.\n';
  return notice + stringify(openApiDocument(), { lineWidth: 110, aliasDuplicateObjects: false });
}

/** The same document as JSON. */
export function openApiJson(): string {
  return JSON.stringify(openApiDocument());
}
