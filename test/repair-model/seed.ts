/**
 * The cases of every run, so that a change is judged by itself and not by chance. Looking for others:
 * MODEL_SEED=random MODEL_RUNS=… npx vitest run test/repair-model; the seed it prints, given as MODEL_SEED, repeats them.
 */
const usual = 1

const { MODEL_SEED, MODEL_RUNS } = process.env

export const seed = MODEL_SEED === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(MODEL_SEED ?? usual)

export function runsOr(usualRuns: number): number {
  return Number(MODEL_RUNS ?? usualRuns)
}
