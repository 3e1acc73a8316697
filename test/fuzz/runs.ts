// How much is tried at random: little in every run of the tests, more where FUZZ_RUNS says how many times as much.

const times = Number(process.env.FUZZ_RUNS || 1)

/** fast-check's options for a property that is tried `often` times by default. A failure prints its seed and the shortest case. */
export function runs(often: number): { readonly numRuns: number } {
  return { numRuns: Math.max(1, Math.round(often * (Number.isFinite(times) && times > 0 ? times : 1))) }
}
