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

/** Runs `use` with Prisma's own migration engine, compiled to WebAssembly: no binary is downloaded or started. */
export async function withSchemaEngine<T>(
  url: string,
  schema: { path: string; content: string },
  use: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  loaded ??= load();
  await loaded;
  const adapter = createEngineAdapter(url);
  try {
    const bound = bindMigrationAwareSqlAdapterFactory(adapter.factory);
    const datamodels = [[schema.path, schema.content]];
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

/** Node does not import .wasm files as modules, so the generated glue gets its module from here, once. */
async function load(): Promise<void> {
  const entry = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const bytes = await readFile(entry.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  // The engine reports a panic here. Without it, the only message is "unreachable".
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message: (message: string) => {
        throw new Error(message);
      },
    },
  });
  (instance.exports.__wbindgen_start as () => void)();
}
