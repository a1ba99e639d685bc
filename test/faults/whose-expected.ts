/** A kind of request, and how a run ends where its answers are doubled, stale, foreign, or say nothing of whose they are. */
export const expectedOfAnswers: readonly (readonly string[])[] = []
