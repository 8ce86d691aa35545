import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';

/** Inputs of single faults with what is right for them; they are not part of the repository. */
const root = fileURLToPath(new URL('../../../../../shared/field', import.meta.url));

/** What is right for one file. Text such as "or no location at all" says that nothing is right, too. */
export interface FieldCheck {
  file: string;
  capturedAt?: string;
  capturedAtDay?: string;
  locationLat?: number;
  locationLon?: number | string;
  rule?: string;
  orientation?: string;
  width?: number;
  height?: number;
}

export const fieldFile = (name: string, file: string): string => join(root, name, file);

export function fieldChecks(name: string): FieldCheck[] {
  const path = fieldFile(name, 'expected.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).checks : [];
}

/** Where the inputs are absent, the ones that the other tests make have to do. */
export const describeWithField: typeof describe.skip = existsSync(root) ? describe : describe.skip;
