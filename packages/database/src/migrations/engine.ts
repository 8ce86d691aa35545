import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { createEngineAdapter } from './engine-adapter.js';

interface WasmBindings {
  SchemaEngine: {
    new: (options: object, log: (line: string) => void, adapter: object) => Promise<SchemaEngine>;
  };
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

const glue = bindings as unknown as WasmBindings & WebAssembly.ModuleImports;
let loaded: Promise<void> | undefined;

/** Node does not import .wasm files as modules, so the generated glue is given its module by hand, once. */
function load(): Promise<void> {
  loaded ??= (async () => {
    const entry = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
    const bytes = await readFile(entry.replace(/\.js$/, '.wasm'));
    const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
    glue.__wbg_set_wasm(instance.exports);
    // The engine reports a panic here; without it, all that is seen is "unreachable".
    Object.assign(globalThis, {
      PRISMA_WASM_PANIC_REGISTRY: {
        set_message: (message: string) => {
          throw new Error(message);
        },
      },
    });
    (instance.exports.__wbindgen_start as () => void)();
  })();
  return loaded;
}

/** Runs `use` with Prisma's own migration engine, compiled to WebAssembly: no binary is downloaded or started. */
export async function withSchemaEngine<T>(
  url: string,
  use: (engine: SchemaEngine) => Promise<T>,
  schema?: { path: string; content: string },
): Promise<T> {
  await load();
  const adapter = createEngineAdapter(url);
  const datamodels = schema ? [[schema.path, schema.content]] : undefined;
  try {
    const bound = bindMigrationAwareSqlAdapterFactory(adapter.factory);
    const engine = await glue.SchemaEngine.new({ datamodels }, () => undefined, bound);
    try {
      return await use(engine);
    } finally {
      engine.free();
    }
  } finally {
    await adapter.close();
  }
}

export const NO_FILTERS = { externalTables: [], externalEnums: [] };
