/** Environment variables that keep the node small, unless they are set; docs/performance.md has the figures. */
export const MEMORY_DEFAULTS = {
  // glibc gives each thread a heap arena of its own; on a small machine two are enough.
  MALLOC_ARENA_MAX: '2',
  // Freed pixels go back to the system at once. Otherwise glibc raises both to 32 and 64 MB after the first large picture.
  MALLOC_MMAP_THRESHOLD_: '262144',
  MALLOC_TRIM_THRESHOLD_: '262144',
  // Chunks in flight would fill young generations of 16 MB and more, of which V8 gives nothing back while uploads come in.
  NODE_OPTIONS: '--max-semi-space-size=4',
};
